// ServiceNow classic form (UI16, also as the gsft_main frame of the Next Experience shell): /TABLE.do?sys_id=...
// Selectors: PAGES.md 2.3 (public code of 2025/2026). Last seen working on the practice desk's double: 2026-11.
import type { PlacedBlock, SiteAdapter, TicketPlace } from "./site.ts";
import { firstOf } from "./site.ts";

/** Tables that hold tickets; other forms (a user record, say) are not read. */
const tables = ["incident", "sn_si_incident", "sc_req_item", "sc_task", "problem", "change_request", "task", "sn_vul_vulnerable_item"];

const entries = "#sn_form_inline_stream_entries ul.activities-form > li.h-card";
const entryTexts = [".sn-card-component_summary .sn-widget-textblock-body", ".sn-card-component_summary"];
/** What an entry says of its kind, in the languages that ServiceNow is mostly used in: "Additional comments" are what the caller sees. */
const publicKind = /comment|kommentar|comentario|comentário|commenti|opmerking|コメント/i;
const workNoteBar = ":scope > .sn-card-component_accent-bar_dark, :scope > .sn-card-component_accent-bar[style*=gold]";

/** The table of a form URL, or null: /incident.do?sys_id=1 -> incident. */
export function formTable(url: URL): string | null {
  const table = /\/([a-z0-9_]+)\.do$/.exec(url.pathname)?.[1];
  return table && tables.includes(table) && url.searchParams.has("sys_id") ? table : null;
}

export const site: SiteAdapter = {
  id: "servicenow-classic",
  matches: ["https://*.service-now.com/*"],
  find(url, document) {
    const table = formTable(url);
    if (!table) return otherView(url);
    const field = (name: string): Element | null =>
      firstOf(document, [`[id="${table}.${name}"]`, `[id="sys_readonly.${table}.${name}"]`, `[id$=".${name}"]:is(input, textarea)`]);
    const numberField = firstOf(document, [`[id="sys_readonly.${table}.number"]`, `[id="${table}.number"]`]);
    const number = textOf(numberField);
    const blocks: PlacedBlock[] = [];
    const title = field("short_description");
    if (title) blocks.push({ id: "title", role: "title", element: title, kind: kindOf(title), restricted: false });
    const description = field("description");
    if (description)
      blocks.push({ id: "description", role: "description", element: description, kind: kindOf(description), restricted: false });
    // Newest entries stand on top and are prepended: count from the oldest, so that a new one does not rename all others.
    const list = [...document.querySelectorAll(entries)];
    list.forEach((entry, index) => {
      const text = firstOf(entry, entryTexts);
      const id = entry.id || `entry-${list.length - index}`;
      if (text) blocks.push({ id, role: "comment", element: text, kind: "text", restricted: isRestricted(entry) });
    });
    const key = number || url.searchParams.get("sys_id") || "";
    return { ticket: { system: "servicenow-classic", key: key.slice(0, 100) || "new" }, blocks, missing: title ? [] : ["title"] };
  },
};

/** Records in views that this version does not read: say so, instead of "no ticket here". */
function otherView(url: URL): TicketPlace | null {
  const workspace = /^\/now\/.*\/record\/([a-z0-9_]+)\/[0-9a-f]{32}/.exec(url.pathname);
  const portal = /^\/(sp|esc|csm)\/?$/.test(url.pathname) && url.searchParams.get("id") === "ticket";
  if (!(workspace?.[1] && tables.includes(workspace[1])) && !portal) return null;
  const reason = `This is a ${workspace ? "workspace" : "portal"} page; SecTag reads ServiceNow's classic form so far.`;
  return { ticket: { system: "servicenow-classic", key: "record" }, blocks: [], missing: ["title"], reason };
}

/** True for work notes, and for every entry that does not say that its kind is one the caller sees: what is not known stays here. */
function isRestricted(entry: Element): boolean {
  const kind = textOf(entry.querySelector(".sn-card-component-time > span"));
  return entry.matches(".h-card_work") || entry.querySelector(workNoteBar) !== null || !publicKind.test(kind);
}

function textOf(element: Element | null): string {
  if (!element) return "";
  return "value" in element && typeof element.value === "string" ? element.value.trim() : (element.textContent ?? "").trim();
}

function kindOf(element: Element): "text" | "value" {
  return element.matches("input, textarea") ? "value" : "text";
}
