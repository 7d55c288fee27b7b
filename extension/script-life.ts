// How long a page's script lives: until a newer one starts in its place, or the extension that it belongs to is gone.
import { browser } from "wxt/browser";

/** Only this extension's scripts in this page see it: the page's own scripts have another global. */
const world = globalThis as { sectagScript?: AbortController };

/**
 * Begins a script's life, and ends that of the one before it.
 * @param hint WXT's signal. It aborts when a script that is newer says so by an event of the document, which the page can send too:
 *   it is believed only when the extension is gone, as after an update.
 */
export function beginScript(hint: AbortSignal): { readonly isValid: boolean; readonly signal: AbortSignal } {
  world.sectagScript?.abort();
  const own = new AbortController();
  world.sectagScript = own;
  const look = () => {
    if (!browser.runtime?.id) own.abort();
  };
  hint.addEventListener("abort", look);
  return {
    signal: own.signal,
    get isValid() {
      look();
      return !own.signal.aborted;
    },
  };
}
