// ServiceNow classic form (UI16, also as the gsft_main frame of the Next Experience shell): /TABLE.do?sys_id=...
// Selectors: PAGES.md 2.3 (public code of 2025/2026). Last seen working on the practice desk's double: 2026-11.
import { fieldBlock, isInternal, isTicketTable, system, wordsOf } from "./servicenow.ts";
import type { PlacedBlock, SiteAdapter } from "./site.ts";
import { firstOf } from "./site.ts";

const entries = "#sn_form_inline_stream_entries ul.activities-form > li.h-card";
const entryTexts = [".sn-card-component_summary .sn-widget-textblock-body", ".sn-card-component_summary"];
const workNoteBar = ":scope > .sn-card-component_accent-bar_dark, :scope > .sn-card-component_accent-bar[style*=gold]";

/** The table of a form URL, or null: /incident.do?sys_id=1 -> incident. */
export function formTable(url: URL): string | null {
  const table = /\/([a-z0-9_]+)\.do$/.exec(url.pathname)?.[1];
  return isTicketTable(table) && url.searchParams.has("sys_id") ? table : null;
}

export const site: SiteAdapter = {
  id: "servicenow-classic",
  matches: ["https://*.service-now.com/*"],
  detect: (url, document) => formTable(url) !== null && document.querySelector('#sys_target, form[id$=".do"]') !== null,
  find(url, document) {
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
    const list = [...document.querySelectorAll(entries)];
    list.forEach((entry, index) => {
      const text = firstOf(entry, entryTexts);
      const id = entry.id || `entry-${list.length - index}`;
      if (text) blocks.push({ id, role: "comment", element: text, kind: "text", restricted: isRestricted(entry) });
    });
    const key = number || url.searchParams.get("sys_id") || "";
    return { ticket: { system, key: key.slice(0, 100) || "new" }, blocks, missing: title ? [] : ["title"] };
  },
};

/** True for work notes, and for every entry that does not say that its kind is one the caller sees: what is not known stays here. */
function isRestricted(entry: Element): boolean {
  const kind = wordsOf(entry.querySelector(".sn-card-component-time > span"));
  return entry.matches(".h-card_work") || entry.querySelector(workNoteBar) !== null || isInternal(kind);
}
