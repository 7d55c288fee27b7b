// Counts of what was found, kept: two visits at once both count, and what cannot be read counts from nothing.
import { beforeEach, expect, test, vi } from "vitest";
import { noteVisit, readHealth, watchHealth } from "../../../extension/store/selector-health.ts";
import type { Visit } from "../../../shared/selector-health.ts";
import { fakeBrowser } from "../fake-browser.ts";

const fake: { browser: ReturnType<typeof fakeBrowser> } = vi.hoisted(() => ({ browser: {} as ReturnType<typeof fakeBrowser> }));
vi.mock("wxt/browser", () => fake);
beforeEach(() => {
  fake.browser = fakeBrowser();
});
const visit: Visit = { site: "jira-cloud", page: "page", title: true, description: true, comments: false };

test("visits at the same time are all counted, and watchers hear of them", async () => {
  const stop = new AbortController();
  let heard = 0;
  watchHealth(stop.signal, () => heard++);
  await Promise.all([noteVisit(visit), noteVisit(visit), noteVisit({ ...visit, title: false })]);
  expect(await readHealth()).toEqual([{ site: "jira-cloud", page: "page", visits: 3, title: 2, description: 3, comments: 0 }]);
  expect(heard).toBe(3);
  stop.abort();
  await noteVisit(visit);
  expect(heard).toBe(3);
});

test("what was kept and is no count is left behind", async () => {
  await fake.browser.storage.local.set({ selectorHealth: [{ view: "jira-cloud SOC-1", visits: -1 }] });
  expect(await readHealth()).toEqual([]);
  await noteVisit(visit);
  expect(await readHealth()).toHaveLength(1);
});
