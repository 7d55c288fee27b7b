// Every adapter in this folder, found by glob: a new site is one new file.
import { site as generic } from "./generic.site.ts";
import type { SiteAdapter, TicketPlace } from "./site.ts";

const modules = import.meta.glob<{ site: SiteAdapter }>("./*.site.ts", { eager: true });
export const sites: readonly SiteAdapter[] = Object.values(modules).map((module) => module.site);

export type Lookup = { place: TicketPlace } | { place: null; broken: string[] };
/** And which adapter's it is. */
export type SiteLookup = { place: TicketPlace; site: SiteAdapter["id"] } | { place: null; broken: string[] };

/** The first adapter's ticket on this page. One that throws is named in `broken` and the others go on. */
export function findTicket(url: URL, document: Document, from: readonly SiteAdapter[] = sites): SiteLookup {
  const broken: string[] = [];
  for (const site of from) {
    try {
      if (!serves(site, url, document, from)) continue;
      const place = site.find(url, document, site.selectors);
      if (place) return { place, site: site.id };
    } catch (error) {
      broken.push(`${site.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { place: null, broken };
}

/** For a page that the person asked to have read: as a ticket if it can be read as one, else as the text that it is. */
export function findAsked(url: URL, document: Document, from: readonly SiteAdapter[] = sites): SiteLookup {
  const lookup = findTicket(url, document, from);
  if (lookup.place?.missing.length === 0) return lookup;
  const place = generic.find(url, document, generic.selectors);
  return place ? { place, site: generic.id } : lookup;
}

/** By host name; on a host that no adapter names (one that was added), by what the page shows. */
export function serves(site: SiteAdapter, url: URL, document: Document, all: readonly SiteAdapter[] = sites): boolean {
  if (all.some((one) => servesHost(one, url))) return servesHost(site, url);
  return site.detect?.(url, document) ?? false;
}

/** True when one of the site's match patterns (`https://*.host/*`) covers the URL's scheme and host. */
export function servesHost(site: SiteAdapter, url: URL): boolean {
  return site.matches.some((pattern) => {
    const parts = /^(https):\/\/(\*\.)?([^/*]+)\//.exec(pattern);
    const host = parts?.[3];
    if (!host || url.protocol !== `${parts[1]}:`) return false;
    return parts[2] ? url.hostname === host || url.hostname.endsWith(`.${host}`) : url.hostname === host;
  });
}
