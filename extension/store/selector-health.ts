// Keeps how often each view's parts were found: counts only, on this machine, and those that go to a connected server.
import { browser } from "wxt/browser";
import { z } from "zod";
import { ViewHealth, type Visit, withVisit } from "../../shared/selector-health.ts";

const storageKey = "selectorHealth";
const unsentKey = "selectorHealth.unsent";

async function readCounts(key: string): Promise<ViewHealth[]> {
  const stored = await browser.storage.local.get(key);
  // What cannot be read counts from nothing again.
  return z.array(ViewHealth).safeParse(stored[key]).data ?? [];
}

export const readHealth = () => readCounts(storageKey);

let last: Promise<unknown> = Promise.resolve();
/** Two at the same time count one after the other. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done;
}

/** Counts one visit. @param send whether it is counted for the server too. */
export function noteVisit(visit: Visit, send: boolean): Promise<void> {
  return inTurn(async () => {
    const health = withVisit(await readHealth(), visit);
    // What waits for the server does not fade: it is gone once a look.
    const unsent = send ? { [unsentKey]: withVisit(await readCounts(unsentKey), visit, Number.POSITIVE_INFINITY) } : {};
    await browser.storage.local.set({ [storageKey]: health, ...unsent });
  });
}

/** Other selectors count now: what those before found says nothing of them. */
export function forgetHealth(sites: readonly string[]): Promise<void> {
  return inTurn(async () => {
    await browser.storage.local.set({ [storageKey]: (await readHealth()).filter(({ site }) => !sites.includes(site)) });
  });
}

/** Counts for the server, which are gone here from now on: an answer that is lost must not have them counted twice. */
export function takeUnsent(): Promise<ViewHealth[]> {
  return inTurn(async () => {
    const counts = await readCounts(unsentKey);
    if (counts.length > 0) await browser.storage.local.remove(unsentKey);
    return counts;
  });
}
