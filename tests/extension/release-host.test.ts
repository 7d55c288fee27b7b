// The background's part of releases, on a browser in memory and a server: a look by itself after pairing, and the ways back of policy, person and operator.
// First of all: Dexie looks once, when it is loaded, whether there is a database.
import "fake-indexeddb/auto";
import { beforeAll, expect, test, vi } from "vitest";
import { type ReleaseHost, startReleaseHost } from "../../extension/release-host.ts";
import type { Me } from "../../shared/decisions.ts";
import { ModelView } from "../../shared/model-run.ts";
import type { ReleaseManifest } from "../../shared/release.ts";
import { fakeLocks } from "./fake-browser.ts";
import { apiKey, createServer, key, release } from "./releases/lab.ts";

const { fake, answers } = await vi.hoisted(async () => {
  const { fakeBackground } = await import("./fake-browser.ts");
  return { fake: { browser: fakeBackground() }, answers: new Map<string, (data?: unknown) => unknown>() };
});
vi.mock("wxt/browser", () => fake);
vi.mock("../../extension/messages.ts", () => ({
  backgroundMessages: {},
  answerMessage: (_table: unknown, name: string, _runtime: unknown, answer: (data?: unknown) => unknown) => answers.set(name, answer),
}));

const { storage, alarms } = fake.browser;
const locks = fakeLocks();
const server = createServer();
const changes: string[] = [];
let host: ReleaseHost;
let fault: Error | null = null;

beforeAll(() => {
  server.clock = Date.now();
  vi.stubGlobal("fetch", server.fetch);
  vi.stubGlobal("__SECTAG_RELEASE_KEYS__", [key.publicKey]);
  vi.stubGlobal("navigator", { locks });
  host = startReleaseHost(async () => []);
  host.link({
    rehearse: async (counter) => {
      changes.push(`rehearse ${counter}`);
      if (fault) throw fault;
      await host.tell({ kind: "rehearsed", counter, why: null, files: false });
    },
    changeOver: async () => {
      changes.push(`change to ${(await host.choose()).counter}`);
    },
  });
});

const fresh = (change: Partial<ReleaseManifest>) =>
  release({ created: new Date(Date.now() - 1000).toISOString(), expires: new Date(Date.now() + 86_400_000).toISOString(), ...change });
const pair = (org: string) => {
  const me: Me = { user: { id: "u1", name: "Ana", role: "analyst" }, org: { id: org, name: org }, scopes: ["review"], keyExpires: null };
  return storage.local.set({ connection: { baseUrl: "https://sectag.example", key: apiKey, me, since: "2026-11-25T10:00:00Z" } });
};
const sees = (is: (view: ModelView) => boolean) =>
  vi.waitFor(async () => {
    const view = ModelView.parse((await storage.local.get("releases.view"))["releases.view"]);
    expect(view).toSatisfy(is);
    return view;
  }, 10_000);
const ask = (name: string) => answers.get(name)?.();
/** A look that is asked for during another one is left out. */
const idle = () => vi.waitFor(() => expect(locks.looking()).toBe(false), 10_000);
const ring = async () => {
  await idle();
  alarms.ring("sectag.releases");
};

test("without a server the packaged model runs, and nobody is asked", async () => {
  await sees(({ running, look }) => running === null && look === null);
  expect(await host.choose()).toEqual({ counter: null, trial: false });
  expect([server.asked, alarms.names()]).toEqual([[], []]);
});

test("after pairing it looks by itself, has the release tested, and runs it on trial", async () => {
  server.publish(fresh({}));
  await pair("team");
  const view = await sees(({ running }) => running !== null);
  expect(view).toMatchObject({ running: { counter: 7, version: "2026.49.1", scans: 0 }, before: null, look: { code: "staged" } });
  expect(changes.splice(0)).toEqual(["rehearse 7"]);
  await vi.waitFor(() => expect(alarms.names()).toEqual(["sectag.releases"]));
  expect(await host.choose()).toEqual({ counter: 7, trial: true });
  expect(await host.tell({ kind: "loaded", counter: 7 })).toEqual({ counter: 7, trial: true });
  expect(await host.tell({ kind: "answered", counter: 7 })).toEqual({ counter: 7, trial: true });
  await sees(({ running }) => running?.scans === 1);
  await ring();
  await sees(({ look }) => look?.code === "current");
});

test("a policy pins the packaged model, and lets go of it", async () => {
  await storage.managed.set({ pinModel: "packaged", releaseKeys: ["not a key"] });
  await sees(({ running, pin }) => running === null && pin === "packaged");
  await storage.managed.remove(["pinModel", "releaseKeys"]);
  await sees(({ running, pin }) => running?.counter === 7 && pin === null);
  await vi.waitFor(() => expect(changes).toEqual(["change to null", "change to 7"]));
  changes.splice(0);
});

test("the person goes back, and a look brings it again", async () => {
  await ask("model.back");
  expect(changes.splice(0)).toEqual(["change to null"]);
  await ring();
  await sees(({ look }) => look?.code === "denied");
  await idle();
  await ask("model.look");
  await sees(({ running }) => running?.counter === 7);
  expect(changes.splice(0)).toEqual(["rehearse 7"]);
});

test("the operator revokes it: it is left at once, and its successor comes when it is given", async () => {
  const next = fresh({ counter: 8, version: "2026.50.1", revoked: [7] });
  server.publish(next, { percent: 0 });
  await ring();
  await sees(({ running, look }) => running === null && look?.code === "not_yet");
  await vi.waitFor(() => expect(changes).toEqual(["change to null"]));
  server.publish(next);
  await ring();
  await sees(({ running }) => running?.counter === 8);
  expect(changes.splice(0)).toEqual(["change to null", "rehearse 8"]);
});

test("another team's server counts anew; a cut look is tried again soon", async () => {
  server.publish(fresh({ counter: 2, version: "2026.30.1" }));
  await pair("another");
  await sees(({ running }) => running?.counter === 2);
  expect(changes.splice(0)).toEqual(["change to null", "rehearse 2"]);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network error")));
  await ring();
  await sees(({ look }) => look?.code === "offline");
  await vi.waitFor(() => expect(alarms.names()).toContain("sectag.releases.again"));
  expect((await host.choose()).counter).toBe(2);
});

test("a look that breaks is shown, not the one before it", async () => {
  vi.stubGlobal("fetch", server.fetch);
  fault = new Error("The model's host does not start");
  server.publish(fresh({ counter: 3, version: "2026.31.1" }));
  await ring();
  const { look } = await sees(({ look }) => look?.code === "broken");
  expect(look).toMatchObject({ detail: "The model's host does not start", version: null });
});
