// ServiceNow's Service Portal (also Employee Center and customer portals): /sp?id=ticket&table=TABLE&sys_id=...
// Field ids: PAGES.md 2.5. Portals are cloned and changed at will: what has no known hook is read as the page's main text.
// Last seen working on the practice desk's double: 2026-11.
import { isInternal, isTicketTable, numberIn, system, wordsOf } from "./servicenow.ts";
import type { PlacedBlock, SiteAdapter } from "./site.ts";
import { allOf, firstOf } from "./site.ts";

const roots = [".sp-page-root", "main", "[role=main]"];
const selectors = {
  titles: ["#sp_formfield_short_description", ".ticket-header h1", ".ticket-header h2", ".panel-title", "h1", "h2"],
  descriptions: ["#sp_formfield_description", "textarea[name=description]"],
  entries: [".timeline-panel"],
  entryTexts: [".timeline-body", ".timeline-content"],
  entryKinds: [".timeline-heading", ".timeline-title"],
  /** ServiceNow's own conversation widget, by its id and by its markup (from memory, not verified). */
  conversations: [".v85357f52cb30020000f8d856634c9c24", ".timeline"],
} as const satisfies Record<string, readonly string[]>;
/** What else is around the record's own words on a portal page. */
const around = "nav, header, footer, aside, form, [role=navigation], [role=search], .sp-navbar-container";

/** The record of a portal page, or null. Portals are named at will (/sp, /esc, /csm, /help): the parameters say what is shown. */
function recordOf(url: URL): string | null {
  const get = (name: string) => url.searchParams.get(name);
  const isTicket = isTicketTable(get("table")) || /^(standard_)?ticket$/.test(get("id") ?? "");
  return /^\/[a-z0-9_-]+\/?$/.test(url.pathname) && get("id") && isTicket ? get("sys_id") : null;
}

export const site: SiteAdapter<keyof typeof selectors> = {
  id: "servicenow-portal",
  matches: ["https://*.service-now.com/*"],
  selectors,
  detect: (url, document) => recordOf(url) !== null && document.querySelector(".sp-page-root, [sp-page-root]") !== null,
  find(url, document, lists) {
    const sysId = recordOf(url);
    if (!sysId) return null;
    const root = firstOf(document, roots) ?? document.body;
    const blocks: PlacedBlock[] = [];
    const titled = lists.titles.find((selector) => root.querySelector(selector)) ?? "";
    const title = titled ? root.querySelector(titled) : null;
    const named = [root.querySelector("#sp_formfield_number"), firstOf(root, selectors.titles)].map((element) =>
      numberIn(wordsOf(element)),
    );
    const number = named.find((found) => found) ?? numberIn(document.title);
    const description = firstOf(root, lists.descriptions);
    const skip = [...lists.conversations, around, titled].join(", ");
    if (title) blocks.push({ id: "title", role: "title", element: title, kind: kindOf(title), restricted: false });
    const main = { element: description ?? root, kind: description ? kindOf(description) : "text", restricted: false } as const;
    // Before the title is there, nothing of the page is: its frame alone is no ticket. The title is not read twice.
    if (title) blocks.push({ id: "description", role: "description", ...main, ...(description ? {} : { skip }) });
    const list = allOf(root, lists.entries);
    list.forEach((entry, index) => {
      const restricted = isInternal(wordsOf(entry.querySelector(lists.entryKinds.join(", "))));
      const id = entry.id || `entry-${list.length - index}`;
      blocks.push({ id, role: "comment", element: firstOf(entry, lists.entryTexts) ?? entry, kind: "text", restricted });
    });
    return { ticket: { system, key: (number ?? sysId).slice(0, 100) }, blocks, missing: title ? [] : ["title"] };
  },
};

function kindOf(element: Element): "text" | "value" {
  return element.matches("input, textarea") ? "value" : "text";
}
