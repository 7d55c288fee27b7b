// What each tab shows, in memory of the browser only (storage.session): the popup and the badge are painted from it.
import { type Browser, browser } from "wxt/browser";
import { z } from "zod";
import { PageReport } from "../../shared/review.ts";

/** Most spans kept of a report: storage.session holds 10 MB for all tabs together, and nobody reads more in a popup. */
const mostSpans = 1000;

const Kept = z.strictObject({ frameId: z.int(), at: z.number(), report: PageReport });

const keyOf = (tabId: number) => `tab.${tabId}`;

/** Keeps a frame's report. `left` removes the tab's only when it comes from the frame that has the ticket. @returns whether it counted. */
export async function keepReport(tabId: number, frameId: number, report: PageReport, now: number = Date.now()): Promise<boolean> {
  if (report.state !== "left") {
    await browser.storage.session.set({ [keyOf(tabId)]: { frameId, at: now, report: trimmed(report) } });
    return true;
  }
  const kept = await read(tabId);
  if (kept?.frameId !== frameId) return false;
  await forgetReport(tabId);
  return true;
}

/** A new page stands in the tab: what older pages reported is gone. @param since its start, ms since 1970. @returns whether there was any. */
export async function startReports(tabId: number, since: number): Promise<boolean> {
  const kept = await read(tabId);
  if (!kept || kept.at >= since) return false;
  await forgetReport(tabId);
  return true;
}

export async function forgetReport(tabId: number): Promise<void> {
  await browser.storage.session.remove(keyOf(tabId));
}

/** Tabs that show a ticket. */
export async function tabsWithTickets(): Promise<number[]> {
  const stored: Record<string, unknown> = await browser.storage.session.get(null);
  return Object.keys(stored).flatMap((key) => Number(/^tab\.(\d+)$/.exec(key)?.[1] ?? []));
}

/** The tab's report; `left` when it has none. */
export async function readReport(tabId: number): Promise<PageReport> {
  return (await read(tabId))?.report ?? { state: "left" };
}

/** Calls back with each new report of the tab until `signal` aborts. */
export function watchReport(tabId: number, signal: AbortSignal, onReport: (report: PageReport) => void): void {
  const listener = (changes: Record<string, Browser.storage.StorageChange>) => {
    const change = changes[keyOf(tabId)];
    if (!change) return;
    const parsed = Kept.safeParse(change.newValue);
    onReport(parsed.success ? parsed.data.report : { state: "left" });
  };
  browser.storage.session.onChanged.addListener(listener);
  signal.addEventListener("abort", () => browser.storage.session.onChanged.removeListener(listener));
}

async function read(tabId: number): Promise<z.infer<typeof Kept> | null> {
  const stored = await browser.storage.session.get(keyOf(tabId));
  const parsed = Kept.safeParse(stored[keyOf(tabId)]);
  return parsed.success ? parsed.data : null;
}

function trimmed(report: PageReport): PageReport {
  if (report.state !== "tagged") return report;
  let left = mostSpans;
  const blocks = report.suggestion.blocks.map(({ id, spans }) => {
    const some = spans.slice(0, left);
    left -= some.length;
    return { id, spans: some };
  });
  return { ...report, suggestion: { ...report.suggestion, blocks } };
}
