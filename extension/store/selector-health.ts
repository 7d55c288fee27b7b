// Keeps how often each view's parts were found: counts only, on this machine.
import { browser } from "wxt/browser";
import { z } from "zod";
import { ViewHealth, type Visit, withVisit } from "../../shared/selector-health.ts";

const storageKey = "selectorHealth";

export async function readHealth(): Promise<ViewHealth[]> {
  const stored = await browser.storage.local.get(storageKey);
  // What cannot be read counts from nothing again.
  return z.array(ViewHealth).safeParse(stored[storageKey]).data ?? [];
}

let last: Promise<void> = Promise.resolve();

/** Counts one visit; two at the same time are counted one after the other. */
export function noteVisit(visit: Visit): Promise<void> {
  const done = last.then(async () => {
    await browser.storage.local.set({ [storageKey]: withVisit(await readHealth(), visit) });
  });
  last = done.catch(() => undefined);
  return done;
}

/** Calls back with each counted visit until `signal` aborts. */
export function watchHealth(signal: AbortSignal, onChange: () => void): void {
  const listener = (changes: Record<string, unknown>) => {
    if (storageKey in changes) onChange();
  };
  browser.storage.local.onChanged.addListener(listener);
  signal.addEventListener("abort", () => browser.storage.local.onChanged.removeListener(listener));
}
