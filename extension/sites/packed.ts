// Reads a site by a pack's selectors before the packaged ones, and keeps what a pack may never do out of its reach (docs/adr/0021).
import type { PackSites } from "../../shared/selector-lists.ts";
import { outerOf } from "./deep.ts";
import type { PlacedBlock, SelectorLists, SiteAdapter, TicketPlace } from "./site.ts";

export function withPack(sites: readonly SiteAdapter[], pack: PackSites): SiteAdapter[] {
  return sites.map((site) => (Object.hasOwn(pack, site.id) ? packed(site, pack[site.id] ?? {}) : site));
}

/** The pack's reading may take so much longer than the packaged one, in ms, or counts as finding nothing; after so many in a row the page is read without. */
const mostMs = 50;
const mostSlow = 3;

/** Two readings: the packaged one says which ticket this is and what is known of its texts, the pack's where the texts are. */
function packed(site: SiteAdapter, lists: SelectorLists): SiteAdapter {
  const both = Object.entries(site.selectors).map(([name, own]) => [name, [...(lists[name] ?? []), ...own]]);
  const selectors: SelectorLists = Object.fromEntries(both);
  let slow = 0;
  return {
    ...site,
    find(url, document) {
      const began = performance.now();
      const own = site.find(url, document, site.selectors);
      if (!own) return null;
      if (slow >= mostSlow) return { ...own, slow: true };
      const between = performance.now();
      const read = site.find(url, document, selectors);
      slow = performance.now() - between > between - began + mostMs ? slow + 1 : 0;
      const place = read?.ticket.key === own.ticket.key ? joined(own, read) : own;
      return slow > 0 ? { ...place, slow: true } : place;
    },
  };
}

function joined(own: TicketPlace, read: TicketPlace): TicketPlace {
  const known = new Map(own.blocks.map((block) => [block.element, block]));
  const blocks = read.blocks.flatMap((block) => {
    const same = known.get(block.element);
    if (same?.role === block.role) return bothSay(same, block);
    // What only the pack knows of stays on the machine.
    return mayBeRead(block) ? { ...block, restricted: true } : [];
  });
  const lost = read.blocks.filter(({ role }) => role !== "comment" && !blocks.some((block) => block.role === role));
  return { ...read, blocks, missing: [...new Set([...read.missing, ...lost.map(({ role }) => role)])] };
}

function bothSay(own: PlacedBlock, read: PlacedBlock): PlacedBlock {
  const skip = [own.skip, read.skip].filter(Boolean).join(", ");
  return { ...own, id: read.id, restricted: own.restricted || read.restricted, ...(skip ? { skip } : {}) };
}

/** Editors, controls, and what is no text of a page at all. */
const never =
  'input, textarea, select, button, script, style, noscript, template, iframe, object, embed, [contenteditable]:not([contenteditable="false" i])';

/** A pack finds texts, no fields: what is in these, nobody may have said yet, or nobody may see. */
function mayBeRead({ element, kind }: PlacedBlock): boolean {
  if (kind !== "text" || element.ownerDocument.designMode === "on") return false;
  for (let one: Element | null = element; one; one = outerOf(one)) if (one.matches(never)) return false;
  return true;
}

export interface PackProblem {
  code: "unknown_names" | "bad_selector";
  detail: string;
}

/** What is wrong with a pack for these adapters and this browser; null: nothing. One slip is enough. */
export function packProblem(pack: PackSites, sites: readonly SiteAdapter[], document: Document): PackProblem | null {
  for (const [id, lists] of Object.entries(pack)) {
    const site = sites.find((one) => one.id === id);
    if (!site) return { code: "unknown_names", detail: `There is no adapter ${id}` };
    for (const [name, selectors] of Object.entries(lists)) {
      if (!Object.hasOwn(site.selectors, name)) return { code: "unknown_names", detail: `${id} has no list ${name}` };
      const bad = selectors.find((selector) => !isSelector(selector, document));
      if (bad !== undefined) return { code: "bad_selector", detail: `${id}, ${name}: ${bad}` };
    }
  }
  return null;
}

/** Also with another one behind it: CSS closes an open bracket or string at the end, and in a list it would swallow what follows. */
function isSelector(selector: string, document: Document): boolean {
  const page = document.createDocumentFragment();
  const last = document.createElement("sectag-last");
  page.append(last);
  try {
    page.querySelector(selector);
    return [selector, `:not(${selector})`].every((one) => page.querySelector(`${one}, sectag-last`) === last);
  } catch {
    return false; // That is how a browser says that it is none.
  }
}
