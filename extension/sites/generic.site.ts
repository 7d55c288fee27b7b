// Any page on which a person asks for it: its heading and its main text. Never asked by itself.
import type { PlacedBlock, SiteAdapter } from "./site.ts";

const mains = ["main", "[role=main]"];
const articles = "article, [role=article]";
/** What stands around a page's own words, and editors. (Fields are left out wherever text is read.) */
const around =
  "nav, header, footer, aside, dialog, [role=navigation], [role=banner], [role=contentinfo], [role=complementary], [role=search], [role=dialog], [contenteditable]:not([contenteditable=false])";

/** The page's name: host and path, and a mark of the rest, which may hold what is nobody's business. At most 100 characters. */
export function pageKey(url: URL): string {
  const rest = url.search + url.hash;
  const name = `${url.host}${url.pathname}`;
  const mark = rest || name.length > 90 ? `~${digest(name + rest)}` : "";
  return name.slice(0, 90) + mark;
}

export const site: SiteAdapter = {
  id: "generic",
  matches: [],
  selectors: {},
  find(url, document) {
    const blocks: PlacedBlock[] = [];
    const main = mains.flatMap((selector) => [...document.querySelectorAll(selector)])[0];
    const outermost = main ? [main] : [...document.querySelectorAll(articles)].filter((one) => !one.parentElement?.closest(articles));
    const parts = outermost.length > 0 ? outermost : document.body ? [document.body] : [];
    const title = document.querySelector("h1");
    // A heading that is part of the text below is read with it.
    if (title && !parts.some((part) => part.contains(title)))
      blocks.push({ id: "title", role: "title", element: title, kind: "text", restricted: false });
    parts.forEach((element, index) => {
      const role = index === 0 ? "description" : "comment";
      blocks.push({ id: index === 0 ? "description" : `part-${index}`, role, element, kind: "text", restricted: false, skip: around });
    });
    return { ticket: { system: "generic", key: pageKey(url) }, blocks, missing: parts.length > 0 ? [] : ["description"] };
  },
};

/** FNV-1a, 32 bits: tells addresses apart, hides nothing that must be hidden. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (const unit of text) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}
