// What a site adapter is: a pure function of (url, document) that says where the ticket's blocks are.
import type { BlockRole, TicketRef } from "../../shared/contract.ts";

/** One element that holds a piece of the ticket. Elements, never text: only page/extract-text.ts decides what "the text" is. */
export interface PlacedBlock {
  /** Stable while the page lives: tells a changed comment from a new one. */
  id: string;
  role: BlockRole;
  element: Element;
  /** `value`: the text is an input's value, which no highlight can paint. */
  kind: "text" | "value";
  /** Not meant for everybody who may see the ticket (an internal comment, a work note): it stays on the machine unless policy allows more. */
  restricted: boolean;
  /**
   * The element is only the place of a text that is not drawn now (a virtual list): what was read of it before still counts, and what was
   * never read is left out.
   */
  away?: true;
  /** Selector of elements in it that are the page's own words, not the ticket's: "Show quoted text". */
  skip?: string;
}

export interface TicketPlace {
  ticket: TicketRef;
  blocks: PlacedBlock[];
  /** Roles that every ticket of this site has and that were not found (yet): the page may be late, or its layout unknown. */
  missing: BlockRole[];
  /** Which of the site's views this is, where it has several: `panel`. What was found is counted by it. */
  view?: string;
  /** Why the page cannot be read, where the adapter knows it. */
  reason?: string;
}

export interface SiteAdapter {
  /** The file's name. Tickets name their `system`, which several views may share. */
  id: string;
  /** Match patterns of the manifest; with the adapter's id the only place that names hosts. */
  matches: readonly string[];
  /**
   * Whether a page of a host that no adapter's `matches` names is this product: a self-hosted Jira, a vanity address. Such a page is
   * asked only when its host was added by the person or by policy.
   */
  detect?(url: URL, document: Document): boolean;
  /** The ticket on this page, or null when this page is not one of the site's tickets. Must not throw on any document. */
  find(url: URL, document: Document): TicketPlace | null;
}

/** First element that any of the selectors finds: selectors are value lists, newest first, because sites rename their hooks. */
export function firstOf(root: ParentNode, selectors: readonly string[]): Element | null {
  for (const selector of selectors) {
    const found = root.querySelector(selector);
    if (found) return found;
  }
  return null;
}
