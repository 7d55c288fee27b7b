// Where on a page the ticket is, by which selectors: the packaged ones at once, a pack's as soon as the background has named it.
import type { Visit } from "../shared/selector-health.ts";
import type { PackSites } from "../shared/selector-lists.ts";
import { type Find, notingFound } from "./page/found-parts.ts";
import { findAsked, findTicket, sites } from "./sites/all-sites.ts";
import { pageKey } from "./sites/generic.site.ts";
import { withPack } from "./sites/packed.ts";

interface Options {
  document: Document;
  /** The pack that is in use now; null: none. */
  ask(): Promise<PackSites | null>;
  found(visit: Visit): void;
  /** Look again: something else is found now. */
  changed(): void;
  signal: AbortSignal;
}

export interface PageSelectors {
  find: Find;
  /** The person wants this page read, whatever it is; the next one is not. */
  read(): void;
  /** Asks for the pack again. It is asked for once by itself, and the page does not wait for it. */
  refresh(): void;
}

export function createPageSelectors({ document, ask, found, changed, signal }: Options): PageSelectors {
  const url = () => new URL(document.location.href);
  let asked = "";
  let known = sites;
  let pack: PackSites | null = null;
  /** Before it nothing is counted: it would be counted for the wrong selectors. */
  let answered = false;
  const find: Find = (url, page) => (asked === pageKey(url) ? findAsked : findTicket)(url, page, known);
  const noting = notingFound(find, found, signal);
  const refresh = async () => {
    // A background that does not answer changes nothing.
    const next = await ask().catch(() => pack);
    if (signal.aborted) return;
    const [first, same] = [!answered, JSON.stringify(next) === JSON.stringify(pack)];
    answered = true;
    if (same) {
      // Only the visit begins: what is read stays as it is.
      if (first) noting.find(url(), document);
      return;
    }
    pack = next;
    known = next ? withPack(sites, next) : sites;
    noting.anew();
    changed();
  };
  void refresh();
  return {
    find: (url, page) => (answered ? noting.find : find)(url, page),
    read() {
      asked = pageKey(url());
      changed();
    },
    refresh: () => void refresh(),
  };
}
