// The reviews' database as the extension's own pages open it: to show what is in it, after the background has made it.
import { browser } from "wxt/browser";
import { Severity, ThreatType } from "../shared/contract.ts";
import { readConnection } from "./store/connection.ts";
import { currentDbName } from "./store/open-store.ts";
import { openReviewDb, type ReviewDb } from "./store/review-db.ts";
import { recentDecisions } from "./store/review-log.ts";
import type { DecisionRow } from "./ui/decision-list.tsx";

/** @throws StoreError with a sentence for a person. */
export async function openForPages(): Promise<ReviewDb> {
  // Only a page can ask the browser not to clear the store when the disk gets short. It may say no: the second copy is there.
  await navigator.storage.persist().catch(() => false);
  return openReviewDb({ name: await currentDbName(browser.storage.local) });
}

/** The last 20 decisions, newest first. */
export async function recentRows(db: ReviewDb): Promise<DecisionRow[]> {
  const rows = await recentDecisions(db, (await readConnection()) !== null);
  return rows.map(({ threatType, severity, ...row }) => ({
    ...row,
    tag: { threatType: ThreatType.safeParse(threatType).data ?? null, severity: Severity.safeParse(severity).data ?? null },
  }));
}
