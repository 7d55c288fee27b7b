// The background's part of selectors, on a browser in memory and a server: a look after pairing, counts, and the ways back of machine, person, policy and time.
// First of all: Dexie looks once, when it is loaded, whether there is a database.
import "fake-indexeddb/auto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startSelectorHost } from "../../extension/selector-host.ts";
import type { Me } from "../../shared/decisions.ts";
import { PackView } from "../../shared/pack-view.ts";
import type { Visit } from "../../shared/selector-health.ts";
import type { SelectorPack } from "../../shared/selector-pack.ts";
import { fakeLocks } from "./fake-browser.ts";
import { createPackServer, packKey, packOf } from "./releases/pack-lab.ts";

const { fake, answers, told } = await vi.hoisted(async () => {
  const { fakeBackground } = await import("./fake-browser.ts");
  return {
    fake: { browser: fakeBackground() },
    answers: new Map<string, (data?: unknown) => Promise<unknown>>(),
    told: [] as unknown[],
  };
});
vi.mock("wxt/browser", () => fake);
vi.mock("../../extension/messages.ts", () => ({
  backgroundMessages: {},
  answerMessage: (_table: unknown, name: string, _runtime: unknown, answer: (data?: unknown) => Promise<unknown>) =>
    answers.set(name, answer),
  sendMessage: async (...message: unknown[]) => void told.push(message),
}));
// Adapters are found by glob, and here is no browser that reads a page.
vi.mock("../../extension/sites/all-sites.ts", () => ({ sites: [] }));

const { storage, alarms } = fake.browser;
const locks = fakeLocks();
const server = createPackServer();
let tried: unknown[] = [];
let fault: Error | null = null;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  server.clock = Date.now();
  vi.stubGlobal("fetch", server.fetch);
  vi.stubGlobal("__SECTAG_RELEASE_KEYS__", [packKey.publicKey]);
  vi.stubGlobal("navigator", { locks });
  // Of this tab nobody knows whether it shows a ticket.
  fake.browser.toFront(7);
  startSelectorHost(async (sites) => {
    tried.push(sites);
    if (fault) throw fault;
    return null;
  });
});
afterAll(() => vi.useRealTimers());

const fresh = (change: Partial<SelectorPack>) => packOf(change, Date.now());
const pair = () => {
  const me: Me = {
    user: { id: "u1", name: "Ana", role: "analyst" },
    org: { id: "team", name: "team" },
    scopes: ["review"],
    keyExpires: null,
  };
  return storage.local.set({ connection: { baseUrl: "https://sectag.example", key: "k".repeat(20), me, since: "2026-11-25T10:00:00Z" } });
};
const sees = (is: (view: PackView) => boolean) =>
  vi.waitFor(async () => {
    const view = PackView.parse((await storage.local.get("selectors.view"))["selectors.view"]);
    expect(view).toSatisfy(is);
    return view;
  }, 10_000);
const ask = (name: string, data?: unknown) => answers.get(name)?.(data);
const active = () => ask("selectors.active");
const visit = (comments: boolean): Visit => ({ site: "jira-cloud", page: "page", title: true, description: true, comments });
const visits = async (count: number, comments: boolean) => {
  for (let n = 0; n < count; n++) await ask("page.found", visit(comments));
};
const look = async () => {
  await vi.waitFor(() => expect(locks.looking()).toBe(false), 10_000);
  await ask("selectors.look");
  await vi.waitFor(() => expect(locks.looking()).toBe(false), 10_000);
};
const toldPages = [["review.changed", "selectors", 7]];

test("without a server there is no pack, nobody is asked, and what is found is counted for nobody else", async () => {
  await sees(({ inUse, look }) => inUse === null && look === null);
  await visits(30, true);
  expect(await active()).toBeNull();
  expect([server.asked, server.posted, told]).toEqual([0, [], []]);
});

test("after pairing it looks by itself, has the selectors tried, and tells the pages", async () => {
  server.publish(fresh({}));
  await pair();
  const view = await sees(({ inUse }) => inUse !== null);
  expect(view).toMatchObject({ inUse: { counter: 5, sites: ["jira-cloud"] }, look: { code: "taken" }, refused: null });
  expect(tried).toEqual([packOf().sites]);
  await vi.waitFor(() => expect(told).toEqual(toldPages));
  expect(await active()).toEqual(packOf().sites);
  expect(server.posted).toEqual([]);
});

test("with the next look the counts since then go to the server, once; policy can stop it", async () => {
  await visits(4, true);
  await look();
  const counts = { views: [{ site: "jira-cloud", page: "page", visits: 4, title: 4, description: 4, comments: 4 }] };
  expect(server.posted).toEqual([counts]);
  await look();
  expect(server.posted).toEqual([counts]);
  await storage.managed.set({ selectorCounts: false });
  await visits(2, true);
  await storage.managed.remove("selectorCounts");
  await look();
  expect(server.posted).toEqual([counts]);
});

test("a pack that finds less than the one before is given up by itself, and the pages hear of it", async () => {
  told.length = 0;
  await visits(14, true);
  server.publish(fresh({ counter: 6, sites: { "jira-cloud": { comments: ["#nowhere"] } } }));
  alarms.ring("sectag.selectors");
  await sees(({ inUse }) => inUse?.counter === 6);
  await visits(2, false);
  expect((await sees(() => true)).inUse?.counter).toBe(6);
  await visits(1, false);
  const view = await sees(({ inUse }) => inUse?.counter === 5);
  expect(view.refused).toEqual({ counter: 6, why: "jira-cloud page: comments found on 0 of 3 visits, before on 20 of 20" });
  expect(told).toEqual([...toldPages, ...toldPages]);
  await look();
  await sees(({ look }) => look?.code === "denied");
  expect(await active()).toEqual(packOf().sites);
});

test("the person uses the packaged ones, and a look brings the pack again", async () => {
  server.publish(fresh({ counter: 7 }));
  await look();
  await ask("selectors.packaged");
  expect([await active(), (await sees(() => true)).inUse]).toEqual([null, null]);
  await look();
  await sees(({ inUse }) => inUse?.counter === 7);
});

test("a policy keeps to the packaged ones, also one that cannot be read, and lets go", async () => {
  for (const pinSelectors of ["packaged", 7, "none"]) {
    await storage.managed.set({ pinSelectors });
    await sees(({ inUse, pin }) => inUse === null && pin === "packaged");
    expect(await active()).toBeNull();
    await storage.managed.remove("pinSelectors");
    await sees(({ inUse }) => inUse?.counter === 7);
  }
});

test("a look that breaks is shown, not the one before it", async () => {
  fault = new Error("The model's host does not start");
  server.publish(fresh({ counter: 8 }));
  await look();
  const { look: broken } = await sees(({ look }) => look?.code === "broken");
  expect(broken).toMatchObject({ detail: "The model's host does not start", counter: null });
  fault = null;
});

test("while a pack is not in use, what is found says nothing of it, and what is as before is not drawn again", async () => {
  await visits(20, true);
  server.publish(fresh({ counter: 9 }));
  await look();
  await sees(({ inUse }) => inUse?.counter === 9);
  const drawn = vi.fn();
  storage.local.onChanged.addListener((changes) => "selectors.view" in changes && drawn());
  await visits(2, true);
  expect(drawn).not.toHaveBeenCalled();
  await storage.managed.set({ pinSelectors: "packaged" });
  await sees(({ inUse }) => inUse === null);
  await visits(4, false);
  await storage.managed.remove("pinSelectors");
  expect(await sees(({ pin }) => pin === null)).toMatchObject({ inUse: { counter: 9 } });
});

test("one that has expired is out of use at once, and the next look says so", async () => {
  vi.setSystemTime(Date.now() + 31 * 86_400_000);
  expect(await active()).toBeNull();
  await look();
  expect(await sees(({ expired }) => expired !== null)).toMatchObject({ inUse: null, expired: { counter: 9 }, look: { code: "stale" } });
  await visits(4, false);
  expect(await sees(() => true)).toMatchObject({ expired: { counter: 9 } });
});

test("what was counted for a server that is left goes to no other", async () => {
  tried = [];
  await visits(3, true);
  server.posted.length = 0;
  await storage.local.remove("connection");
  await vi.waitFor(async () => expect(await storage.local.get("selectorHealth.unsent")).toEqual({}));
  await pair();
  await vi.waitFor(() => expect(locks.looking()).toBe(false));
  await look();
  expect([server.posted, tried]).toEqual([[], []]);
});
