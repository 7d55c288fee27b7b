// The background's part of reviews, on a browser in memory: which tagged tickets it notes for the queue, whose decisions it sends, and why it could not save.
// First of all: Dexie looks once, when it is loaded, whether there is a database.
import "fake-indexeddb/auto";
import { beforeAll, expect, test, vi } from "vitest";
import { openForPages } from "../../extension/page-store.ts";
import { startReviewHost } from "../../extension/review-host.ts";
import type { TicketRef } from "../../shared/contract.ts";
import type { DecideAnswer, PageReport, ReviewIntent } from "../../shared/review.ts";
import { fakeLocks } from "./fake-browser.ts";
import { intent } from "./store/review-lab.ts";
import { tagged } from "./ui/states.ts";

const { fake } = await vi.hoisted(async () => {
  const { fakeBackground } = await import("./fake-browser.ts");
  const action = { setBadgeText: async () => undefined, setBadgeBackgroundColor: async () => undefined };
  return { fake: { browser: { ...fakeBackground(), action } } };
});
vi.mock("wxt/browser", () => fake);
type Decide = (intent: ReviewIntent) => Promise<DecideAnswer>;
const answers = new Map<string, Decide>();
vi.mock("../../extension/messages.ts", () => ({
  backgroundMessages: {},
  answerMessage: (_messages: unknown, name: string, _runtime: unknown, answer: Decide) => void answers.set(name, answer),
}));
// There is no cache of answers in a test.
vi.mock("../../extension/api-cache.ts", () => ({ forgetReads: async () => undefined }));

beforeAll(() => {
  vi.stubGlobal("self", { addEventListener: () => undefined });
  vi.stubGlobal("navigator", { locks: fakeLocks(), storage: { estimate } });
});

/** What the browser says of the disk. */
const estimate = vi.fn(async (): Promise<StorageEstimate> => ({ quota: 1e9, usage: 0 }));

test("a database that cannot be opened is said to be broken, on a disk without room to be full, and the next try may work", async () => {
  startReviewHost();
  const decide = answers.get("review.decide");
  const opening = vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("Internal error opening backing store for indexedDB.open.", "UnknownError");
  });
  const answerOf = async () => decide?.(intent());
  expect(await answerOf()).toMatchObject({ ok: false, code: "broken", message: expect.stringContaining("Internal error") });
  estimate.mockResolvedValueOnce({ quota: 5e6, usage: 4.9e6 });
  expect(await answerOf()).toMatchObject({ ok: false, code: "full" });
  estimate.mockRejectedValueOnce(new TypeError("not now"));
  expect(await answerOf()).toMatchObject({ ok: false, code: "broken" });
  opening.mockRestore();
  expect(await answerOf()).toMatchObject({ ok: true });
});

test("a ticket is noted with its address; of a page that was read on request nothing is kept", async () => {
  const host = startReviewHost();
  const report = (ticket: TicketRef): PageReport => ({ ...tagged(null, { ticket }), ticket });
  await host.noteReport(report({ system: "generic", key: "wiki.example/a?token=secret" }), "https://wiki.example/a?token=secret");
  await host.noteReport(report({ system: "jira-cloud", key: "SOC-1" }), "https://soc.atlassian.net/browse/SOC-1");
  const db = await openForPages();
  const noted = await db.tickets.toArray();
  expect(noted.map(({ url }) => url)).toEqual(["https://soc.atlassian.net/browse/SOC-1"]);
  expect(await db.suggestions.count()).toBe(1);
});

test("whose decisions are sent is noted by org and person", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  startReviewHost();
  const user = { id: "ana", name: "Ana", role: "analyst" };
  const me = { user, org: { id: "soc", name: "SOC" }, scopes: ["review"], keyExpires: null };
  await fake.browser.storage.local.set({
    connection: { baseUrl: "https://s.example", key: "k".repeat(40), me, since: "2026-11-25T10:00:00Z" },
  });
  const db = await openForPages();
  await vi.waitFor(async () => expect((await db.meta.get("account"))?.value).toEqual({ org: "soc", user: "ana" }));
});
