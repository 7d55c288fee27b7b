// What popup, side panel and options follow: decisions and queue of the store as they change, and the tab in front.
// First of all: Dexie looks once, when it is loaded, whether there is a database to follow.
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followTab } from "../../extension/follow-tab.ts";
import { type SeenReviews, watchReviews, watchWaiting } from "../../extension/page-store.ts";
import { readsChannel } from "../../extension/store/api-reads.ts";
import { noteTagged } from "../../extension/store/review-log.ts";
import { keepReport } from "../../extension/store/tab-reports.ts";
import type { WaitingTickets } from "../../extension/ui/waiting.tsx";
import { type PageReport, ReviewIntent } from "../../shared/review.ts";
import type { fakeBrowser } from "./fake-browser.ts";
import { intent, openLab } from "./store/review-lab.ts";

type Fake = ReturnType<typeof fakeBrowser>;
const fake: { browser: Fake } = await vi.hoisted(async () => ({ browser: (await import("./fake-browser.ts")).fakeBrowser() }));
vi.mock("wxt/browser", () => fake);

let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.unstubAllGlobals();
});

const onProblem = (error: unknown) => {
  throw error;
};

test("a decision that any context saves is seen at once, also after the first look; what is reviewed leaves the queue", async () => {
  const { db, reviews } = await openLab();
  let seen: SeenReviews | null = null;
  const sees = (wanted: (seen: SeenReviews) => boolean) => vi.waitFor(() => expect(seen && wanted(seen)).toBe(true));
  watchReviews(
    db,
    stop.signal,
    (next) => {
      seen = next;
    },
    onProblem,
  );
  await sees(({ recent, queue }) => recent.length === 0 && queue.length === 0);
  const decision = ReviewIntent.parse(intent());
  await noteTagged(db, decision.ticket, "https://x.atlassian.net/browse/SEC-1", decision.suggestion, 1);
  await sees(({ queue }) => queue[0]?.ticket.key === "SEC-1");
  await reviews.decide(decision);
  await sees(({ recent, queue }) => recent[0]?.sync === "local" && recent[0].tag.threatType === "phishing" && queue.length === 0);
});

test("a connection that is made changes what the rows say of their way; after the end nothing is told", async () => {
  const { db, reviews } = await openLab();
  await reviews.decide(intent());
  const states: (string | undefined)[] = [];
  watchReviews(db, stop.signal, ({ recent }) => states.push(recent[0]?.sync), onProblem);
  await vi.waitFor(() => expect(states.at(-1)).toBe("local"));
  const user = { id: "u", name: "Sam", role: "analyst" };
  const me = { user, org: { id: "o", name: "Corp" }, scopes: ["review"], keyExpires: null };
  await fake.browser.storage.local.set({
    connection: { baseUrl: "https://s.example", key: "k".repeat(40), me, since: "2026-11-25T10:00:00Z" },
  });
  await vi.waitFor(() => expect(states.at(-1)).toBe("pending"));
  stop.abort();
  expect(fake.browser.storage.local.onChanged.count()).toBe(0);
  await fake.browser.storage.local.remove("connection");
});

test("what waits for a lead is asked anew after each decision, with the address where the ticket was open here; nobody else asks", async () => {
  const { db, reviews } = await openLab();
  const decision = ReviewIntent.parse(intent());
  await noteTagged(db, decision.ticket, "https://x.atlassian.net/browse/SEC-1", decision.suggestion, 1);
  const other = { ticket: { system: "jira-cloud", key: "OTHER-1" }, reason: "disputed" };
  let answer: { tickets: unknown[]; more: number; at: string } = {
    tickets: [{ ticket: { system: decision.ticket.system, key: decision.ticket.key }, reason: "alone" }, other],
    more: 3,
    at: "2026-11-25T10:00:00Z",
  };
  const asked: string[] = [];
  let online = true;
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    if (!online) throw new TypeError("Failed to fetch");
    return Response.json(answer);
  });
  const connect = (scopes: string[]) =>
    fake.browser.storage.local.set({
      connection: {
        baseUrl: "https://s.example",
        key: "k".repeat(40),
        me: { user: { id: "u", name: "Lea", role: "lead" }, org: { id: "o", name: "Corp" }, scopes, keyExpires: null },
        since: "2026-11-25T10:00:00Z",
      },
    });
  await connect(["review"]);
  const seen: WaitingTickets[] = [];
  watchWaiting(db, stop.signal, (waiting) => void seen.push(waiting));
  await vi.waitFor(() => expect(seen.at(-1)).toEqual({ rows: [], more: 0 }));
  expect(asked).toEqual([]);
  await connect(["review", "lead"]);
  await vi.waitFor(() => expect(seen.at(-1)?.rows.map(({ url }) => url)).toEqual(["https://x.atlassian.net/browse/SEC-1", null]));
  expect(new Set(asked)).toEqual(new Set(["https://s.example/v1/waiting"]));
  answer = { ...answer, tickets: [other], more: 0 };
  await reviews.decide(decision);
  await vi.waitFor(() => expect(seen.at(-1)).toEqual({ rows: [{ ...other, url: null, said: [] }], more: 0 }));
  // Told of a newer answer than the cached one, it asks once more.
  answer = { ...answer, tickets: [{ ticket: decision.ticket, reason: "alone" }], more: 0 };
  const channel = new BroadcastChannel(readsChannel);
  channel.postMessage(null);
  await vi.waitFor(() =>
    expect(seen.at(-1)?.rows).toMatchObject([
      { reason: "alone", said: [{ tag: { threatType: "phishing", severity: "high" }, people: 1 }] },
    ]),
  );
  channel.close();
  // A server that is away says nothing about what waits.
  online = false;
  const [shown, questions] = [seen.length, asked.length];
  await reviews.decide(intent());
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(questions));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen.length).toBe(shown);
  await fake.browser.storage.local.remove("connection");
  await vi.waitFor(() => expect(seen.at(-1)).toEqual({ rows: [], more: 0 }));
});

const reading = (key: string): PageReport => ({ state: "reading", ticket: { system: "jira-cloud", key } });
const left: PageReport = { state: "left" };

function follow(search = "") {
  vi.stubGlobal("location", { search });
  const told: [number, string][] = [];
  followTab(stop.signal, (tabId, report) => told.push([tabId, report.state === "reading" ? (report.ticket?.key ?? "") : report.state]));
  return told;
}

test("the tab in front is followed; reports of others are not told", async () => {
  await Promise.all([keepReport(1, 0, reading("A-1")), keepReport(2, 0, reading("B-2"))]);
  fake.browser.toFront(1);
  const told = follow();
  await vi.waitFor(() => expect(told).toEqual([[1, "A-1"]]));
  fake.browser.toFront(2);
  await vi.waitFor(() => expect(told.at(-1)).toEqual([2, "B-2"]));
  await keepReport(1, 0, reading("A-9"));
  await keepReport(2, 0, reading("B-3"));
  expect(told.slice(2)).toEqual([[2, "B-3"]]);
  await keepReport(2, 0, left);
  expect(told.at(-1)).toEqual([2, "left"]);
  fake.browser.toFront(3);
  await vi.waitFor(() => expect(told.at(-1)).toEqual([3, "left"]));
  stop.abort();
  expect([fake.browser.tabs.onActivated.count(), fake.browser.storage.session.onChanged.count()]).toEqual([0, 0]);
});

test("a tab that the address names is followed, whatever is in front", async () => {
  await keepReport(7, 0, reading("C-7"));
  fake.browser.toFront(1);
  const told = follow("?tab=7");
  await vi.waitFor(() => expect(told).toEqual([[7, "C-7"]]));
  fake.browser.toFront(2);
  await keepReport(7, 0, reading("C-8"));
  expect(told).toEqual([
    [7, "C-7"],
    [7, "C-8"],
  ]);
});
