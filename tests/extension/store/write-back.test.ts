// What is kept of write-back: off until somebody says otherwise, a policy stands, each site's tickets apart, the oldest go, none is lost between tabs.
import { beforeEach, expect, test, vi } from "vitest";
import { readReviewSettings } from "../../../extension/store/review-settings.ts";
import { keepWritten, managedWriteBack, readWriteBack, readWritten, writeWriteBack } from "../../../extension/store/write-back.ts";
import { defaultKeys } from "../../../shared/review.ts";
import { nothingWritten, type Written } from "../../../shared/write-back.ts";
import { fakeBrowser } from "../fake-browser.ts";

const fake: { browser: ReturnType<typeof fakeBrowser> } = vi.hoisted(() => ({ browser: {} as ReturnType<typeof fakeBrowser> }));
vi.mock("wxt/browser", () => fake);
beforeEach(() => {
  fake.browser = fakeBrowser();
  let last: Promise<unknown> = Promise.resolve();
  vi.stubGlobal("navigator", {
    // One after the other, as the browser's lock.
    locks: {
      request: (_name: string, work: () => Promise<unknown>) => {
        last = last.then(work);
        return last;
      },
    },
  });
});

const site = "https://corp.atlassian.net";
const ticket = (key: string) => ({ system: "jira-cloud", key }) as const;
const label = (name: string): Written => ({ ...nothingWritten, labels: [`sectag:${name}`] });

test("off by default; what a person sets is kept; what a policy sets stands", async () => {
  expect(await readWriteBack()).toEqual({ on: false, field: "" });
  expect(await managedWriteBack()).toEqual([]);
  await writeWriteBack({ on: true, field: "u_sectag" });
  expect(await readWriteBack()).toEqual({ on: true, field: "u_sectag" });
  await fake.browser.storage.managed.set({ writeBack: false });
  expect(await readWriteBack()).toEqual({ on: false, field: "u_sectag" });
  expect(await managedWriteBack()).toEqual(["on"]);
  await fake.browser.storage.managed.set({ writeBackField: "category" });
  expect(await readWriteBack()).toEqual({ on: false, field: "category" });
  expect(await managedWriteBack()).toEqual(["on", "field"]);
});

test("a broken policy, or broken settings, switch nothing on", async () => {
  await fake.browser.storage.managed.set({ writeBack: "yes", writeBackField: 7 });
  await fake.browser.storage.local.set({ writeBack: { on: 1 } });
  expect(await readWriteBack()).toEqual({ on: false, field: "" });
});

test("a browser without managed storage has no policy", async () => {
  fake.browser.storage.managed.get = () => Promise.reject(new Error("Managed storage is not available"));
  await writeWriteBack({ on: true, field: "" });
  expect(await readWriteBack()).toEqual({ on: true, field: "" });
});

test("each site has its own tickets, and what holds nothing is not kept", async () => {
  await keepWritten(site, ticket("SOC-1"), label("phishing_high"));
  expect(await readWritten(site, ticket("SOC-1"))).toEqual(label("phishing_high"));
  expect(await readWritten("https://other.atlassian.net", ticket("SOC-1"))).toEqual(nothingWritten);
  expect(await readWritten(site, ticket("SOC-2"))).toEqual(nothingWritten);
  await keepWritten(site, ticket("SOC-1"), nothingWritten);
  expect(await fake.browser.storage.local.get("written")).toEqual({ written: [] });
});

test("tabs that keep at the same time lose nothing; the oldest of more than 500 goes", async () => {
  await Promise.all(Array.from({ length: 500 }, (_, n) => keepWritten(site, ticket(`SOC-${n}`), label("phishing_high"))));
  await keepWritten(site, ticket("SOC-0"), label("malware_low"));
  await keepWritten(site, ticket("SOC-500"), label("phishing_high"));
  expect(await readWritten(site, ticket("SOC-0"))).toEqual(label("malware_low"));
  expect(await readWritten(site, ticket("SOC-1"))).toEqual(nothingWritten);
  expect(await readWritten(site, ticket("SOC-2"))).toEqual(label("phishing_high"));
  expect(await readWritten(site, ticket("SOC-500"))).toEqual(label("phishing_high"));
});

test("a record of another shape makes no value ours", async () => {
  await fake.browser.storage.local.set({ written: [[`${site} jira-cloud SOC-1`, { labels: "all" }]] });
  expect(await readWritten(site, ticket("SOC-1"))).toEqual(nothingWritten);
});

test("keys that were kept before write-back had one stay", async () => {
  const { writeBack: _new, ...older } = { ...defaultKeys, accept: "a", reject: "w" };
  await fake.browser.storage.local.set({ "review.keys": older });
  expect((await readReviewSettings()).keys).toEqual({ ...older, writeBack: "w" });
});
