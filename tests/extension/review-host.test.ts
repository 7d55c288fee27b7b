// The background's part of reviews, on a browser in memory: which tagged tickets it notes for the queue, and whose decisions it sends.
// First of all: Dexie looks once, when it is loaded, whether there is a database.
import "fake-indexeddb/auto";
import { beforeAll, expect, test, vi } from "vitest";
import { openForPages } from "../../extension/page-store.ts";
import { startReviewHost } from "../../extension/review-host.ts";
import type { TicketRef } from "../../shared/contract.ts";
import type { PageReport } from "../../shared/review.ts";
import { fakeLocks } from "./fake-browser.ts";
import { tagged } from "./ui/states.ts";

const { fake } = await vi.hoisted(async () => {
  const { fakeBackground } = await import("./fake-browser.ts");
  const action = { setBadgeText: async () => undefined, setBadgeBackgroundColor: async () => undefined };
  return { fake: { browser: { ...fakeBackground(), action } } };
});
vi.mock("wxt/browser", () => fake);
vi.mock("../../extension/messages.ts", () => ({ backgroundMessages: {}, answerMessage: () => undefined }));
// There is no cache of answers in a test.
vi.mock("../../extension/api-cache.ts", () => ({ forgetReads: async () => undefined }));

beforeAll(() => {
  vi.stubGlobal("self", { addEventListener: () => undefined });
  vi.stubGlobal("navigator", { locks: fakeLocks(), storage: { estimate: async () => ({ quota: 1e9, usage: 0 }) } });
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
