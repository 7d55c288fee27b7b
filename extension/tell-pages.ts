// Tells the pages that something they have asked for is another now.
import { browser } from "wxt/browser";
import { sendMessage } from "./messages.ts";
import { tabsWithTickets } from "./store/tab-reports.ts";

/**
 * A history is asked for with each ticket that comes; settings and selectors are kept from one ticket to the next, also while none is shown.
 * Tabs without our script, and those that were left meanwhile, have nobody who listens.
 */
export async function tellPages(what: "history" | "settings" | "selectors"): Promise<void> {
  const tabs = what === "history" ? await tabsWithTickets() : await allTabs();
  await Promise.allSettled(tabs.map((tabId) => sendMessage("review.changed", what, tabId)));
}

const allTabs = async () => (await browser.tabs.query({})).flatMap(({ id }) => id ?? []);
