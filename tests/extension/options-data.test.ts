// What the options page follows: each change of settings and states once, and nothing of what tabs show.
// First of all: Dexie looks once, when it is loaded, whether there is a database to follow.
import "fake-indexeddb/auto";
import { expect, test, vi } from "vitest";
import { followOptions, type OptionsData } from "../../extension/options-data.ts";
import { writePrivacy } from "../../extension/store/review-settings.ts";
import type { fakeBrowser } from "./fake-browser.ts";

const fake: { browser: ReturnType<typeof fakeBrowser> } = await vi.hoisted(async () => ({
  browser: (await import("./fake-browser.ts")).fakeBrowser(),
}));
vi.mock("wxt/browser", () => fake);

test("a changed setting is read again once; a tab's report and what waits to be sent are not looked at", async () => {
  const stop = new AbortController();
  const told: OptionsData[] = [];
  await followOptions(stop.signal, (data) => void told.push(data));
  await vi.waitFor(() => expect(told.at(-1)?.stored).not.toBe(null));
  const before = told.length;
  await fake.browser.storage.session.set({ "tab.7": { report: {} } });
  await fake.browser.storage.local.set({ "outbox.1": {} });
  await writePrivacy({ restricted: true, ownDomains: ["corp.example"] });
  await vi.waitFor(() => expect(told.at(-1)?.privacy.ownDomains).toEqual(["corp.example"]));
  expect(told.length).toBe(before + 1);
  stop.abort();
  await writePrivacy({ restricted: false, ownDomains: [] });
  expect(told.length).toBe(before + 1);
});
