// What a site adapter is: a pure function of (url, document) that says where the ticket's blocks are.
import type { BlockRole, TicketRef } from "../../shared/contract.ts";
import type { PageKind, SiteId } from "../../shared/selector-health.ts";

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
  view?: PageKind;
  /** A pack's selectors take too long here: what was found is not counted as found. */
  slow?: true;
  /** Why the page cannot be read, where the adapter knows it. */
  reason?: string;
}

/** Selectors by the name of their list: value lists, newest first, because sites rename their hooks. */
export type SelectorLists<Name extends string = string> = Readonly<Record<Name, readonly string[]>>;

export interface SiteAdapter<Name extends string = string> {
  /** The file's name. Tickets name their `system`, which several views may share. */
  id: SiteId | "generic";
  /** Match patterns of the manifest; with the adapter's id the only place that names hosts. */
  matches: readonly string[];
  /**
   * Where a ticket's words are, and what marks or surrounds them. A signed pack may put selectors before these (packed.ts), so what says
   * which ticket a page shows, and in which part of it, is not among them.
   */
  selectors: SelectorLists<Name>;
  /**
   * Whether a page of a host that no adapter's `matches` names is this product: a self-hosted Jira, a vanity address. Such a page is
   * asked only when its host was added by the person or by policy.
   */
  detect?(url: URL, document: Document): boolean;
  /**
   * The ticket on this page, or null when this page is not one of the site's tickets. Must not throw on any document.
   * @param selectors its own, or a pack's before them.
   */
  find(url: URL, document: Document, selectors: SelectorLists<Name>): TicketPlace | null;
}

/** First element that any of the selectors finds, the first selector before the others. */
export function firstOf(root: ParentNode, selectors: readonly string[]): Element | null {
  for (const selector of selectors) {
    const found = root.querySelector(selector);
    if (found) return found;
  }
  return null;
}

/** All elements that the first selector finds that finds any. */
export function allOf(root: ParentNode, selectors: readonly string[]): Element[] {
  for (const selector of selectors) {
    const found = [...root.querySelectorAll(selector)];
    if (found.length > 0) return found;
  }
  return [];
}
