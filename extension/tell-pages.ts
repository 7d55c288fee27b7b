// Tells every tab that shows a ticket that something it has asked for is another now.
import { sendMessage } from "./messages.ts";
import { tabsWithTickets } from "./store/tab-reports.ts";

/** Tabs that were left meanwhile have nobody who listens. */
export async function tellPages(what: "history" | "settings" | "selectors"): Promise<void> {
  await Promise.allSettled((await tabsWithTickets()).map((tabId) => sendMessage("review.changed", what, tabId)));
}
