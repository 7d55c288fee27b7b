// What may leave the machine: a policy stands before the person's own words, each of its parts for itself; a slip in it uncovers nothing.
import { beforeEach, expect, test, vi } from "vitest";
import { readPrivacy, watchReviewSettings, writePrivacy } from "../../../extension/store/review-settings.ts";
import { fakeBrowser } from "../fake-browser.ts";

const fake: { browser: ReturnType<typeof fakeBrowser> } = vi.hoisted(() => ({ browser: {} as ReturnType<typeof fakeBrowser> }));
vi.mock("wxt/browser", () => fake);
beforeEach(() => {
  fake.browser = fakeBrowser();
});

test("nothing restricted leaves by default; a policy stands before what the person set", async () => {
  expect(await readPrivacy()).toEqual({ restricted: false, ownDomains: [] });
  await writePrivacy({ restricted: true, ownDomains: ["corp.example"] });
  expect(await readPrivacy()).toEqual({ restricted: true, ownDomains: ["corp.example"] });
  await fake.browser.storage.managed.set({ restricted: false, ownDomains: ["group.example"] });
  expect(await readPrivacy()).toEqual({ restricted: false, ownDomains: ["group.example"] });
});

test("a slip in a policy leaves its other parts, its other domains and the person's own words as they are", async () => {
  await writePrivacy({ restricted: true, ownDomains: ["corp.example"] });
  await fake.browser.storage.managed.set({ restricted: false, ownDomains: "corp.example" });
  expect(await readPrivacy()).toEqual({ restricted: false, ownDomains: ["corp.example"] });
  await fake.browser.storage.managed.set({ restricted: "no", ownDomains: ["group.example", "no domain", 7] });
  expect(await readPrivacy()).toEqual({ restricted: true, ownDomains: ["group.example"] });
});

test("who watches hears of the person's changes and of a policy's, until the end", async () => {
  const stop = new AbortController();
  const heard = vi.fn();
  watchReviewSettings(stop.signal, heard);
  await writePrivacy({ restricted: true, ownDomains: [] });
  await fake.browser.storage.managed.set({ ownDomains: ["corp.example"] });
  await fake.browser.storage.managed.set({ writeBackField: "category" });
  await fake.browser.storage.local.set({ another: 1 });
  expect(heard).toHaveBeenCalledTimes(3);
  stop.abort();
  await fake.browser.storage.managed.set({ restricted: true });
  expect(heard).toHaveBeenCalledTimes(3);
});
