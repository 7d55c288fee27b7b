// Hears the keys of one document before the page does, and takes those that the review uses; all others are left untouched.
import { isPress, keysAreFree, type OwnCard } from "./review-guard.ts";
import type { Press } from "./review-keys.ts";

interface Options {
  document: Document;
  card(): OwnCard | null;
  /** Whether review mode is armed and there is a ticket: without it, no key is looked at. */
  armed(): boolean;
  /** @returns true when the key is used. */
  take(press: Press): boolean;
  signal: AbortSignal;
  /** Whether a person pressed it; a parameter, because no test can press a trusted key. */
  isTrusted?: ((event: Event) => boolean) | undefined;
}

export function listenForKeys({ document, card, armed, take, signal, isTrusted = (event) => event.isTrusted }: Options): void {
  const view = document.defaultView;
  /** Keys that were taken and are still down: the page must not hear of their end either. */
  const down = new Set<string>();
  const keep = (event: Event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const pressed = (event: KeyboardEvent) => {
    const { key, code, altKey: alt, shiftKey: shift, ctrlKey: ctrl, metaKey, defaultPrevented, isComposing, repeat } = event;
    down.delete(code);
    if (!armed()) return;
    const press = { key, altKey: alt, shiftKey: shift, ctrlKey: ctrl, metaKey, defaultPrevented, isComposing, repeat };
    if (!isPress({ ...press, isTrusted: isTrusted(event) }) || !keysAreFree(document, card(), key)) return;
    if (!take({ key: key.slice(0, 20), alt, shift, ctrl })) return;
    down.add(code);
    keep(event);
  };
  const released = (event: KeyboardEvent) => {
    if (down.delete(event.code)) keep(event);
  };
  view?.addEventListener("keydown", pressed, { capture: true, signal });
  view?.addEventListener("keyup", released, { capture: true, signal });
}
