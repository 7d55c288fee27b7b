// What each tab shows, in memory of the browser only (storage.session): the popup and the badge are painted from it.
import { type Browser, browser } from "wxt/browser";
import { PageReport } from "../../shared/contract.ts";

const keyOf = (tabId: number) => `tab.${tabId}`;

/** Keeps a tab's report; `left` removes it. */
export async function keepReport(tabId: number, report: PageReport): Promise<void> {
  if (report.state === "left") await browser.storage.session.remove(keyOf(tabId));
  else await browser.storage.session.set({ [keyOf(tabId)]: report });
}

export async function forgetReport(tabId: number): Promise<void> {
  await browser.storage.session.remove(keyOf(tabId));
}

/** The tab's report; `left` when the page in it has none or an older version wrote something else. */
export async function readReport(tabId: number): Promise<PageReport> {
  const stored = await browser.storage.session.get(keyOf(tabId));
  const parsed = PageReport.safeParse(stored[keyOf(tabId)]);
  return parsed.success ? parsed.data : { state: "left" };
}

/** Calls back with each new report of the tab until `signal` aborts. */
export function watchReport(tabId: number, signal: AbortSignal, onReport: (report: PageReport) => void): void {
  const listener = (changes: Record<string, Browser.storage.StorageChange>) => {
    const change = changes[keyOf(tabId)];
    if (!change) return;
    const parsed = PageReport.safeParse(change.newValue);
    onReport(parsed.success ? parsed.data : { state: "left" });
  };
  browser.storage.session.onChanged.addListener(listener);
  signal.addEventListener("abort", () => browser.storage.session.onChanged.removeListener(listener));
}
