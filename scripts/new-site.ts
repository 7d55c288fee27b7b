// Begins a site: `npm run new:site -- ID` writes an adapter, two stored pages that it reads, and the names that contract and counts know it by.
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const adapter = (id: string) => `// ${id}: which views, at which addresses. TODO
// Selectors: where they come from. TODO. Last seen working: TODO.
import type { PlacedBlock, SiteAdapter } from "./site.ts";
import { firstOf } from "./site.ts";

/** Value lists, newest first: sites rename their hooks. What says which ticket this is does not belong here: a pack may add to these. */
const selectors = {
  titles: ["#ticket-title", "main h1"],
  descriptions: ["#ticket-description"],
  comments: [".ticket-comment"],
} as const satisfies Record<string, readonly string[]>;

/** The key that an address names, or null: /tickets/T-1 -> T-1. */
function ticketKey({ pathname }: URL): string | null {
  return /^\\/tickets\\/([A-Z]+-\\d+)$/.exec(pathname)?.[1] ?? null;
}

export const site: SiteAdapter<keyof typeof selectors> = {
  id: "${id}",
  // Hosts that everybody has; one's own are added in the options, and \`detect\` says what stands there.
  matches: [],
  selectors,
  detect: (_url, document) => document.querySelector('meta[name="generator"][content="${id}"]') !== null,
  find(url, document, lists) {
    const key = ticketKey(url);
    if (!key) return null;
    const blocks: PlacedBlock[] = [];
    const title = firstOf(document, lists.titles);
    if (title) blocks.push({ id: "title", role: "title", element: title, kind: "text", restricted: false });
    const description = firstOf(document, lists.descriptions);
    if (description) blocks.push({ id: "description", role: "description", element: description, kind: "text", restricted: false });
    for (const element of document.querySelectorAll(lists.comments.join(", ")))
      // What is not known to be for everybody is restricted.
      if (element.id) blocks.push({ id: element.id, role: "comment", element, kind: "text", restricted: !element.matches(".public") });
    return { ticket: { system: "${id}", key }, blocks, missing: title ? [] : ["title"] };
  },
};
`;

const ticketPage = (id: string) => `<!doctype html><html><head><meta name="generator" content="${id}"></head><body><main>
<h1 id="ticket-title">A title</h1><div id="ticket-description"><p>What happened.</p></div>
<div class="ticket-comment public" id="comment-1"><p>For everybody.</p></div>
<div class="ticket-comment" id="comment-2"><p>For some.</p></div></main></body></html>
`;
const ticketExpected = (id: string) => `{ "url": "https://tickets.acme.example/tickets/T-1", "system": "${id}", "key": "T-1", "blocks": [
  { "id": "title", "role": "title", "kind": "text", "text": "A title" },
  { "id": "description", "role": "description", "kind": "text", "text": "What happened." },
  { "id": "comment-1", "role": "comment", "kind": "text", "text": "For everybody." },
  { "id": "comment-2", "role": "comment", "kind": "text", "text": "For some.", "restricted": true } ] }
`;
const listPage = (id: string) => `<!doctype html><html><head><meta name="generator" content="${id}"></head><body><main><h1>All tickets</h1>
<a href="/tickets/T-1">T-1 A title</a></main></body></html>
`;
const listExpected = '{ "url": "https://tickets.acme.example/tickets", "system": null }\n';

/** @returns the files that were written or changed. @throws Error when the id is no id, or is taken. */
export async function newSite(root: string, id: string): Promise<string[]> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) throw new Error(`A site's id is like "request-tracker", not "${id}"`);
  const file = `extension/sites/${id}.site.ts`;
  if (existsSync(join(root, file))) throw new Error(`${file} is there already`);
  const contract = await readFile(join(root, "shared/contract.ts"), "utf8");
  const named = contract.replace(/(export const systems = \[[^\]]*)("generic",?\s*\] as const)/, `$1"${id}", $2`);
  if (named === contract) throw new Error("shared/contract.ts has no list of systems that ends with generic");
  const health = await readFile(join(root, "shared/selector-health.ts"), "utf8");
  const counted = health.replace(/(export const siteIds = \[[^\]]*)(\] as const)/, `$1  "${id}",\n$2`);
  if (counted === health) throw new Error("shared/selector-health.ts has no list of sites");
  const pages = `tests/fixtures/pages/${id}`;
  const files: Record<string, string> = {
    "shared/contract.ts": named,
    "shared/selector-health.ts": counted,
    [file]: adapter(id),
    [`${pages}/ticket.html`]: ticketPage(id),
    [`${pages}/ticket.expected.json`]: ticketExpected(id),
    [`${pages}/list.html`]: listPage(id),
    [`${pages}/list.expected.json`]: listExpected,
  };
  await mkdir(join(root, pages), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  return Object.keys(files);
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  try {
    const files = await newSite(join(import.meta.dirname, ".."), process.argv[2] ?? "");
    console.log(`${files.map((name) => `  ${name}`).join("\n")}\n\nNow: npm run gen; then put real pages in, see docs/adding-a-site.md.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
