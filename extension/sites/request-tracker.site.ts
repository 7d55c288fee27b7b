// Request Tracker 5, on hosts that were added: /Ticket/Display.html?id=N, the history page, and the requestor's own view.
// Selectors: PAGES.md 1 and RT's own templates. Last seen working on RT 5.0.3 (Debian): 2026-11.
import type { PlacedBlock, SiteAdapter } from "./site.ts";
import { allOf, firstOf } from "./site.ts";

const selectors = {
  titles: ["#header h1"],
  messages: [".transaction.message"],
  /** "Enoch Root - Comments added". */
  done: [".metadata .description"],
  /** The text itself: a mail's parts have bodies inside bodies, with links to download them between. */
  texts: [".messagebody > .message-stanza"],
  /** "Show quoted text": RT's own words. What is folded is not displayed, and so not read. */
  folders: [".message-stanza-folder"],
} as const satisfies Record<string, readonly string[]>;
/** Replies, which the requestor gets. Anything else that is written is a comment among those who handle the ticket. */
const reply = /[ck]orr?[eéi]spond/i;

/** True on a page that shows one ticket. RT may live below a path (/rt). */
function isTicketPage(url: URL): boolean {
  return /\/(Ticket\/(Display|History)|SelfService\/Display)\.html$/.test(url.pathname) && /^\d+$/.test(url.searchParams.get("id") ?? "");
}

export const site: SiteAdapter<keyof typeof selectors> = {
  id: "request-tracker",
  matches: [],
  selectors,
  detect: (url, document) => isTicketPage(url) && document.querySelector('body[id^="comp-"] #header h1') !== null,
  find(url, document, lists) {
    if (!isTicketPage(url)) return null;
    // The heading has the number that counts: of a merged ticket, the address names the one that is gone.
    const number = /#(\d+):/.exec(document.querySelector("#header h1")?.textContent ?? "")?.[1] ?? url.searchParams.get("id");
    const title = firstOf(document, lists.titles);
    const blocks: PlacedBlock[] = [];
    if (title) blocks.push({ id: "title", role: "title", element: title, kind: "text", restricted: false });
    const list = allOf(document, lists.messages);
    const first = Math.min(...list.map(idOf));
    for (const message of list) {
      const id = idOf(message);
      // What was done stands behind who did it.
      const done = firstOf(message, lists.done)?.textContent?.split(" - ").at(-1) ?? "";
      const restricted = id !== first && !reply.test(done);
      allOf(message, lists.texts).forEach((element, index) => {
        const role = id === first && index === 0 ? "description" : "comment";
        const block = { element, kind: "text", restricted, skip: lists.folders.join(", ") } as const;
        blocks.push({ id: role === "description" ? role : `txn-${id}${index > 0 ? `.${index}` : ""}`, role, ...block });
      });
    }
    // Numbers count from 1 on each server: the host belongs to the ticket's name.
    const key = `${url.host}#${number}`.slice(-100);
    return { ticket: { system: "request-tracker", key }, blocks, missing: title ? [] : ["title"] };
  },
};

/** RT numbers what happens in the order in which it happened, whichever way it is shown. */
function idOf(message: Element): number {
  return Number(message.getAttribute("data-transaction-id") ?? /\d+$/.exec(message.id)?.[0]);
}
