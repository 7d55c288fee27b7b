// ServiceNow classic form (UI16, also as the gsft_main frame of the Next Experience shell): /TABLE.do?sys_id=...
// Selectors: PAGES.md 2.3 (public code of 2025/2026). Last seen working on the practice desk's double: 2026-11.
import { fieldBlock, isInternal, isTicketTable, system, wordsOf } from "./servicenow.ts";
import type { PlacedBlock, SelectorLists, SiteAdapter } from "./site.ts";
import { allOf, firstOf } from "./site.ts";

/** Of the activity stream. Fields are found by the names of their columns. */
const selectors = {
  entries: ["#sn_form_inline_stream_entries ul.activities-form > li.h-card"],
  entryTexts: [".sn-card-component_summary .sn-widget-textblock-body", ".sn-card-component_summary"],
  /** Says whether it is a comment or a work note. */
  entryKinds: [".sn-card-component-time > span"],
  workNoteBars: [":scope > .sn-card-component_accent-bar_dark", ":scope > .sn-card-component_accent-bar[style*=gold]"],
} as const satisfies Record<string, readonly string[]>;

/** The table of a form URL, or null: /incident.do?sys_id=1 -> incident. */
export function formTable(url: URL): string | null {
  const table = /\/([a-z0-9_]+)\.do$/.exec(url.pathname)?.[1];
  return isTicketTable(table) && url.searchParams.has("sys_id") ? table : null;
}

export const site: SiteAdapter<keyof typeof selectors> = {
  id: "servicenow-classic",
  matches: ["https://*.service-now.com/*"],
  selectors,
  detect: (url, document) => formTable(url) !== null && document.querySelector('#sys_target, form[id$=".do"]') !== null,
  find(url, document, lists) {
    const table = formTable(url);
    if (!table) return null;
    // A field of formatted text is an editor in a frame, which is not read; the field behind it holds HTML, which nobody wrote.
    const field = (name: string): Element | null =>
      firstOf(document, [
        `iframe[id="${table}.${name}_ifr"]`,
        `[id="${table}.${name}"]`,
        `[id="sys_readonly.${table}.${name}"]`,
        `[id$=".${name}"]:is(input, textarea)`,
      ]);
    const numberField = firstOf(document, [`[id="sys_readonly.${table}.number"]`, `[id="${table}.number"]`]);
    const number = wordsOf(numberField);
    const blocks: PlacedBlock[] = [];
    const title = field("short_description");
    if (title) blocks.push(fieldBlock("title", title));
    const description = field("description");
    if (description) blocks.push(fieldBlock("description", description));
    // Newest entries stand on top and are prepended: count from the oldest, so that a new one does not rename all others.
    const list = allOf(document, lists.entries);
    list.forEach((entry, index) => {
      const text = firstOf(entry, lists.entryTexts);
      const id = entry.id || `entry-${list.length - index}`;
      if (text) blocks.push({ id, role: "comment", element: text, kind: "text", restricted: isRestricted(entry, lists) });
    });
    const key = number || url.searchParams.get("sys_id") || "";
    return { ticket: { system, key: key.slice(0, 100) || "new" }, blocks, missing: title ? [] : ["title"] };
  },
};

/** True for work notes, and for every entry that does not say that its kind is one the caller sees: what is not known stays here. */
function isRestricted(entry: Element, { entryKinds, workNoteBars }: SelectorLists<keyof typeof selectors>): boolean {
  const kind = wordsOf(firstOf(entry, entryKinds));
  return entry.matches(".h-card_work") || firstOf(entry, workNoteBars) !== null || isInternal(kind);
}
