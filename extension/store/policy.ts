// What an administrator's policy says, as it stands there: each reader checks its own part.
import { browser } from "wxt/browser";

/** A browser without managed storage (or without a policy) rejects: then nobody manages anything. */
export function readPolicy(names: string[]): Promise<Record<string, unknown>> {
  return browser.storage.managed.get(names).catch(() => ({}));
}
