// Follows the tab that is in front of the own window, and what its page reports.
import { browser } from "wxt/browser";
import type { PageReport } from "../shared/review.ts";
import { readReport, watchReport } from "./store/tab-reports.ts";

/** Calls back with each tab that comes to the front, and with each of its reports, until `signal` aborts. */
export function followTab(signal: AbortSignal, onReport: (tabId: number, report: PageReport) => void): void {
  let current: AbortController | null = null;
  const follow = async (tabId: number) => {
    current?.abort();
    const mine = new AbortController();
    current = mine;
    watchReport(tabId, AbortSignal.any([signal, mine.signal]), (report) => onReport(tabId, report));
    const report = await readReport(tabId);
    if (current === mine && !signal.aborted) onReport(tabId, report);
  };
  // The end-to-end tests open the side panel as a page, and name its tab.
  const named = namedTab();
  if (named !== undefined) return void follow(named);
  const inFront = async () => {
    const tabId = await currentTab();
    if (tabId !== undefined) await follow(tabId);
  };
  // The event names tabs of all windows: which one is in front here is asked.
  const onActivated = () => void inFront();
  browser.tabs.onActivated.addListener(onActivated);
  signal.addEventListener("abort", () => browser.tabs.onActivated.removeListener(onActivated));
  void inFront();
}

/** The tab in front, or the one that `?tab=` names. */
export async function currentTab(): Promise<number | undefined> {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  return namedTab() ?? tab?.id;
}

function namedTab(): number | undefined {
  const named = new URLSearchParams(location.search).get("tab");
  return named ? Number(named) : undefined;
}
