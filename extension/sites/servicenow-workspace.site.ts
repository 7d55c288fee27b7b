// ServiceNow workspaces (Next Experience): /now/APP/record/TABLE/SYSID, components in nested open shadow roots.
// Elements: PAGES.md 2.4 (public code of 2025/2026); what is inside a tile of the activity stream is assumed, hence the fallbacks.
// Last seen working on the practice desk's double, which runs on ServiceNow's own renderer: 2026-11.
import { deepAll, deepClosest, deepWithin, deepWords, isShown } from "./deep.ts";
import { fieldBlock, isInternal, isTicketTable, numberIn, system, wordsOf } from "./servicenow.ts";
import type { PlacedBlock, SelectorLists, SiteAdapter } from "./site.ts";

const forms = ["sn-form-data-connected", "now-record-form-connected", "now-record-form-blob"];
/** Each open tab of the workspace has one, and all stay in the document. */
const screens = ["sn-canvas-screen"];
/** Of the activity stream. Fields are found by the names of their columns. */
const selectors = {
  streams: ["now-activity-stream-connected"],
  tiles: [".tile"],
  tileHeads: [".tile-header", "header", "[class*='header']"],
  tileTexts: [".tile-body", "now-rich-text", "[class*='body']"],
} as const satisfies Record<string, readonly string[]>;
/** With its head, a tile's own words, where its text has no element of its own. */
const tileParts = ["time", "now-avatar", "now-button"];

/** The record that the address names last: a workspace opens records inside records. */
function recordOf(url: URL): { table: string; sysId: string } | null {
  const [, table, sysId] = [...url.pathname.matchAll(/\/record\/([a-z0-9_]+)\/([0-9a-f]{32})/g)].at(-1) ?? [];
  return url.pathname.startsWith("/now/") && isTicketTable(table) && sysId ? { table, sysId } : null;
}

export const site: SiteAdapter<keyof typeof selectors> = {
  id: "servicenow-workspace",
  matches: ["https://*.service-now.com/*"],
  selectors,
  detect: (url, document) =>
    recordOf(url) !== null && [...(document.body?.children ?? [])].some(({ localName }) => localName.startsWith("macroponent-")),
  find(url, document, lists) {
    const record = recordOf(url);
    if (!record) return null;
    const parts = deepAll(document, [...forms, ...lists.streams].join(", ")).filter(isShown);
    const form = parts.find(({ localName }) => forms.includes(localName));
    if (!form) return { ticket: { system, key: record.sysId }, blocks: [], missing: ["title"] };
    const field = (name: string): Element | null => {
      const [place] = deepWithin(form, `[name="${name}"]`);
      if (!place || place.matches("input, textarea")) return place ?? null;
      return deepWithin(place, "input, textarea")[0] ?? place;
    };
    const blocks: PlacedBlock[] = [];
    const title = field("short_description");
    if (title) blocks.push(fieldBlock("title", title));
    const description = field("description");
    if (description) blocks.push(fieldBlock("description", description));
    const screen = deepClosest(form, screens);
    const isStream = (part: Element) => part.matches(lists.streams.join(", ")) && deepClosest(part, screens) === screen;
    blocks.push(...entriesOf(parts.find(isStream), lists));
    const number = numberIn(wordsOf(field("number"))) ?? numberIn(document.title);
    return { ticket: { system, key: number ?? record.sysId }, blocks, missing: title ? [] : ["title"] };
  },
};

/** Newest first, as the stream shows them; counted from the oldest, so that a new one does not rename all others. */
function entriesOf(stream: Element | undefined, lists: SelectorLists<keyof typeof selectors>): PlacedBlock[] {
  if (!stream) return [];
  const [tiles, tileHeads] = [lists.tiles.join(", "), lists.tileHeads.join(", ")];
  const list = deepWithin(stream, tiles).filter((tile) => !tile.parentElement?.closest(tiles));
  return list.flatMap((tile, index) => {
    const [head] = deepWithin(tile, tileHeads);
    const text = lists.tileTexts.map((selector) => deepWithin(tile, selector)[0]).find((found) => found !== undefined);
    return {
      id: tile.id || `entry-${list.length - index}`,
      role: "comment" as const,
      element: text ?? tile,
      kind: "text" as const,
      restricted: isInternal(head ? deepWords(head) : ""),
      ...(text ? {} : { skip: [tileHeads, ...tileParts].join(", ") }),
    };
  });
}
