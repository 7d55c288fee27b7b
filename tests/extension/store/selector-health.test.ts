// Counts of what was found, kept: two visits at once both count, and what cannot be read counts from nothing.
import { beforeEach, expect, test, vi } from "vitest";
import { forgetHealth, noteVisit, readHealth, takeUnsent } from "../../../extension/store/selector-health.ts";
import type { Visit } from "../../../shared/selector-health.ts";
import { fakeBrowser } from "../fake-browser.ts";

const fake: { browser: ReturnType<typeof fakeBrowser> } = vi.hoisted(() => ({ browser: {} as ReturnType<typeof fakeBrowser> }));
vi.mock("wxt/browser", () => fake);
beforeEach(() => {
  fake.browser = fakeBrowser();
});
const visit: Visit = { site: "jira-cloud", page: "page", title: true, description: true, comments: false };

test("visits at the same time are all counted", async () => {
  await Promise.all([noteVisit(visit, false), noteVisit(visit, false), noteVisit({ ...visit, title: false }, false)]);
  expect(await readHealth()).toEqual([{ site: "jira-cloud", page: "page", visits: 3, title: 2, description: 3, comments: 0 }]);
});

test("what was kept and is no count is left behind", async () => {
  await fake.browser.storage.local.set({ selectorHealth: [{ view: "jira-cloud SOC-1", visits: -1 }] });
  expect(await readHealth()).toEqual([]);
  await noteVisit(visit, false);
  expect(await readHealth()).toHaveLength(1);
});

test("what is counted for a server is given out once, and does not fade before", async () => {
  for (let count = 0; count < 250; count++) await noteVisit(visit, true);
  await noteVisit({ ...visit, site: "request-tracker" }, false);
  expect((await readHealth()).find(({ site }) => site === "jira-cloud")?.visits).toBeLessThan(200);
  expect(await takeUnsent()).toEqual([{ site: "jira-cloud", page: "page", visits: 250, title: 250, description: 250, comments: 0 }]);
  expect(await takeUnsent()).toEqual([]);
});

test("other selectors count anew, for their sites alone, also while visits are counted", async () => {
  const other: Visit = { ...visit, site: "request-tracker" };
  await Promise.all([noteVisit(visit, false), noteVisit(other, false), forgetHealth(["jira-cloud"]), noteVisit(visit, false)]);
  expect((await readHealth()).map(({ site, visits }) => [site, visits])).toEqual([
    ["jira-cloud", 1],
    ["request-tracker", 1],
  ]);
});
