// What the pages last reported, read from the extension's storage: how a driver of a browser knows what a tab shows.
import type { Page } from "puppeteer-core";
import { z } from "zod";
import { PageReport } from "../shared/review.ts";

/** The part of store/tab-reports.ts' rows that is looked at. */
const KeptReport = z.object({ report: PageReport });

export interface Reports {
  /** The newest report whose ticket has this key, or null. */
  reportOf(key: string): Promise<PageReport | null>;
  /** Resolves with the first report of the ticket that satisfies `wanted`. @throws Error naming the last state after `timeoutMs`. */
  waitFor(key: string, wanted: (report: PageReport) => boolean, timeoutMs?: number): Promise<PageReport>;
}

/** @param console a page of the extension. */
export function reportsIn(console: Page): Reports {
  const reportOf = async (key: string) => {
    const stored: Record<string, unknown> = await console.evaluate(() => chrome.storage.session.get(null));
    for (const [name, value] of Object.entries(stored).reverse()) {
      const parsed = name.startsWith("tab.") ? KeptReport.safeParse(value) : null;
      const report = parsed?.data?.report;
      if (report && "ticket" in report && report.ticket?.key === key) return report;
    }
    return null;
  };
  return {
    reportOf,
    async waitFor(key, wanted, timeoutMs = 30_000) {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const report = await reportOf(key);
        if (report && wanted(report)) return report;
        if (performance.now() > until)
          throw new Error(`${key}: waited ${timeoutMs} ms; the last report was ${JSON.stringify(report)?.slice(0, 400)}`);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    },
  };
}
