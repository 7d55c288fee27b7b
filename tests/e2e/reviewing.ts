// What the end-to-end tests of reviews share: arming, waiting for a review's state, the other surfaces, and looks into the store.
import type { KeyInput, Page } from "puppeteer-core";
import { z } from "zod";
import { openCard, pressInCard } from "../../scripts/card.ts";
import type { Lab } from "../../scripts/chromium.ts";
import { until } from "../../scripts/until.ts";
import { Decision, DecisionView } from "../../shared/decisions.ts";
import { severityIds, threatTypeIds } from "../../shared/labels.ts";
import { choiceKeys, type PageReport, type ReviewState } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import type { Bench } from "./lab.ts";

const reviewOf = (report: PageReport | null): ReviewState | null => (report?.state === "tagged" ? report.review : null);

/** Resolves with the first state of the ticket's review that satisfies `wanted`. @throws Error with the last report. */
export async function waitReview(
  lab: Pick<Lab, "reportOf">,
  key: string,
  wanted: (review: ReviewState) => boolean = () => true,
  timeoutMs = 20_000,
): Promise<ReviewState> {
  return until(
    `the review of ${key}`,
    async () => {
      const review = reviewOf(await lab.reportOf(key));
      return review && wanted(review) ? review : null;
    },
    timeoutMs,
  ).catch(async (cause) => {
    const { spans = [], ...last } = reviewOf(await lab.reportOf(key)) ?? {};
    throw new Error(`${key}: its review stayed ${JSON.stringify(last)} with ${spans.length} spans`, { cause });
  });
}

/** Saved and shown as saved: this person's newest decision says this tag ("" none), and nothing is under way. */
export const says =
  (tag: string) =>
  ({ mine, news }: ReviewState): boolean =>
    news.code !== "saving" && news.code !== "failed" && mine !== null && tagText(mine.tag) === tag;

/** The keys that say this tag, whatever was proposed. */
export function keysOf(tag: string): string[] {
  const [type = "", severity = ""] = tag.split(/_(?=[a-z]+$)/);
  const choice = (ids: readonly string[], id: string) => choiceKeys[ids.indexOf(id)] ?? "";
  return ["t", choice(threatTypeIds, type), choice(severityIds, severity)];
}

export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key as KeyInput);
}

/** Switches review mode on (or off) as a person does, in the card; leaves the card closed. */
export async function arm(lab: Lab, page: Page, key: string, armed = true): Promise<void> {
  const before = await waitReview(lab, key);
  if (before.armed === armed) return;
  await openCard(page);
  await pressInCard(page, { selector: ".switch" });
  await waitReview(lab, key, (review) => review.armed === armed);
  await pressInCard(page, { selector: ".card-head .icon-button" });
}

/** Presses a button of the options page: a page in the background gets no mouse. */
export async function pressOptions(lab: Lab, section: "sync" | "connection"): Promise<void> {
  await lab.console.bringToFront();
  await lab.console.click(`section[aria-labelledby=${section}] > button`);
}

/** Opens one ticket after the other, each once, with review mode on: no test sees another's decisions. */
export function armedOpener(bench: () => Bench) {
  const used = new Set<string>();
  return async (system: DeskTicket["system"] = "jira") => {
    const ticket = bench().desk.tickets.find((one) => one.system === system && !used.has(one.key));
    if (!ticket) throw new Error(`The desk has no ${system} ticket left`);
    used.add(ticket.key);
    const opened = await bench().open(ticket);
    await arm(bench(), opened.page, ticket.key);
    return { ...opened, ticket };
  };
}

/** The popup or the side panel of the tab that shows the ticket, opened as a page. */
export async function openSurface(lab: Lab, name: "popup" | "sidepanel", key: string): Promise<Page> {
  const stored: Record<string, unknown> = await lab.console.evaluate(() => chrome.storage.session.get(null));
  const tab = Object.entries(stored).find(([id, value]) => id.startsWith("tab.") && JSON.stringify(value).includes(`"key":"${key}"`));
  if (!tab) throw new Error(`No tab shows ${key}`);
  const surface = await lab.browser.newPage();
  await surface.setViewport({ width: 400, height: 900 });
  await surface.goto(`chrome-extension://${lab.extensionId}/${name}.html?tab=${tab[0].slice(4)}`);
  await surface.bringToFront();
  await surface.waitForSelector(".review .switch");
  return surface;
}

const Rows = z.object({
  reviews: z.array(z.looseObject({ id: z.string(), seq: z.int().nullable(), local: z.boolean(), decision: DecisionView })),
  outbox: z.array(z.looseObject({ id: z.string(), decision: Decision })),
  kept: z.array(z.looseObject({ id: z.string(), decision: Decision })),
  dead: z.array(z.looseObject({ id: z.string(), decision: z.looseObject({}), problem: z.looseObject({ title: z.string() }) })),
  sent: z.array(z.looseObject({ url: z.string(), body: z.string(), status: z.int().nullable() })),
});
export type StoreRows = z.infer<typeof Rows>;

/** The reviews' database as it is on the disk, read past the extension's code. */
export async function storeRows(lab: Pick<Lab, "console">): Promise<StoreRows> {
  const rows = await lab.console.evaluate(async () => {
    const { "reviews.database": name = "sectag-reviews" } = await chrome.storage.local.get<Record<string, string>>("reviews.database");
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await done(indexedDB.open(name));
    try {
      const tables = ["reviews", "outbox", "kept", "dead", "sent"];
      const transaction = db.transaction(tables);
      const all = await Promise.all(tables.map((table) => done(transaction.objectStore(table).getAll())));
      return Object.fromEntries(tables.map((table, index) => [table, all[index]]));
    } finally {
      db.close();
    }
  });
  return Rows.parse(rows);
}

/** The stored decisions about a ticket, oldest first. */
export async function decisionsOf(lab: Pick<Lab, "console">, key: string): Promise<StoreRows["reviews"][number]["decision"][]> {
  return (await storeRows(lab)).reviews.map(({ decision }) => decision).filter(({ ticket }) => ticket.key === key);
}

/** Rewrites the decisions that wait (or were refused), as only damage or another version could. */
export async function rewrite(lab: Lab, table: "outbox" | "dead", change: { labelsVersion: number }): Promise<void> {
  await lab.console.evaluate(
    async (table, change) => {
      const { "reviews.database": name = "sectag-reviews" } = await chrome.storage.local.get<Record<string, string>>("reviews.database");
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const transaction = db.transaction(table, "readwrite");
      const cursors = transaction.objectStore(table).openCursor();
      cursors.onsuccess = () => {
        const cursor = cursors.result;
        if (!cursor) return;
        cursor.update({ ...cursor.value, decision: { ...cursor.value.decision, ...change } });
        cursor.continue();
      };
      await new Promise((resolve) => transaction.addEventListener("complete", resolve));
      db.close();
    },
    table,
    change,
  );
}
