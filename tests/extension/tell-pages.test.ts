// Who hears that something is another now: of a ticket's history the tabs that show one, of everything else every tab.
import { expect, test, vi } from "vitest";
import { tellPages } from "../../extension/tell-pages.ts";

const { fake, told } = await vi.hoisted(async () => {
  const { fakeBrowser } = await import("./fake-browser.ts");
  return { fake: { browser: fakeBrowser() }, told: [] as unknown[] };
});
vi.mock("wxt/browser", () => fake);
vi.mock("../../extension/messages.ts", () => ({
  sendMessage: async (...message: unknown[]) => {
    told.push(message);
    throw new Error("Could not establish connection. Receiving end does not exist.");
  },
}));

test("a tab that shows no ticket at the moment hears of settings and selectors: it keeps to them when the next one comes", async () => {
  await fake.browser.storage.session.set({ "tab.7": {} });
  fake.browser.toFront(9);
  for (const what of ["history", "settings", "selectors"] as const) await tellPages(what);
  expect(told).toEqual([
    ["review.changed", "history", 7],
    ["review.changed", "settings", 9],
    ["review.changed", "selectors", 9],
  ]);
});
