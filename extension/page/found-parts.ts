// Notes what a site's adapter finds of each ticket that is looked at: one answer a visit, when all was found or the page has had its time.
import type { Visit } from "../../shared/selector-health.ts";
import type { SiteLookup } from "../sites/all-sites.ts";

/** A page that has not shown a part by then has none, or SecTag does not find it. Who leaves earlier has seen no whole page. */
const settledAfterMs = 10_000;

export type Find = (url: URL, document: Document) => SiteLookup;

/** As `find`, and tells of each visit; `anew` begins another one on the same page, as what is looked for has changed. Ends with `signal`. */
export function notingFound(find: Find, tell: (visit: Visit) => void, signal: AbortSignal): { find: Find; anew(): void } {
  let current: { id: string; visit: Visit; timer: ReturnType<typeof setTimeout> | undefined } | null = null;
  const leave = () => {
    clearTimeout(current?.timer);
    current = null;
  };
  signal.addEventListener("abort", leave);
  const done = () => {
    if (!current?.timer) return;
    clearTimeout(current.timer);
    current.timer = undefined;
    tell(current.visit);
  };
  const noting: Find = (url, document) => {
    const lookup = find(url, document);
    // A page that was asked for has no parts that it must have.
    if (!lookup.place || lookup.site === "generic" || signal.aborted) {
      leave();
      return lookup;
    }
    const { place, site } = lookup;
    const page = place.view ?? "page";
    const id = `${site} ${page} ${place.ticket.key}`;
    if (current?.id !== id) {
      leave();
      const visit = { site, page, title: false, description: false, comments: false };
      current = { id, visit, timer: setTimeout(done, settledAfterMs) };
    }
    const { visit } = current;
    const has = (role: string) => !place.slow && place.blocks.some((block) => block.role === role);
    visit.title ||= has("title");
    visit.description ||= has("description");
    visit.comments ||= has("comment");
    if (visit.title && visit.description && visit.comments) done();
    return lookup;
  };
  return { find: noting, anew: leave };
}
