// @vitest-environment jsdom
// `npm run new:site`: what it writes is an adapter that reads its own pages, and it overwrites nothing.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SiteAdapter } from "../../extension/sites/site.ts";
import { newSite } from "../../scripts/new-site.ts";

const repository = join(import.meta.dirname, "..", "..");
let root: string;
beforeEach(() => {
  mkdirSync(join(repository, ".cache"), { recursive: true });
  root = mkdtempSync(join(repository, ".cache", "new-site-"));
  for (const folder of ["shared", "extension/sites"]) {
    mkdirSync(join(root, folder), { recursive: true });
    cpSync(join(repository, folder), join(root, folder), { recursive: true });
  }
});
afterEach(() => rmSync(root, { recursive: true }));

test("the new adapter finds in its stored pages what they expect, and its system has a name", async () => {
  const files = await newSite(root, "help-desk");
  const { site } = (await import(join(root, "extension/sites/help-desk.site.ts"))) as { site: SiteAdapter };
  const pages = files.filter((file) => file.endsWith(".html"));
  expect(pages).toHaveLength(2);
  for (const file of pages) {
    const expected = JSON.parse(readFileSync(join(root, file.replace(".html", ".expected.json")), "utf8"));
    const page = new DOMParser().parseFromString(readFileSync(join(root, file), "utf8"), "text/html");
    const url = new URL(expected.url);
    expect(site.detect?.(url, page)).toBe(true);
    const place = site.find(url, page, site.selectors);
    expect(place?.ticket ?? null).toEqual(expected.system && { system: expected.system, key: expected.key });
    const blocks = place?.blocks.map(({ id, role, kind, element, restricted }) => {
      const text = (element.textContent ?? "").trim();
      return { id, role, kind, text, ...(restricted ? { restricted } : {}) };
    });
    expect(blocks).toEqual(expected.blocks);
  }
  expect(readFileSync(join(root, "shared/selector-health.ts"), "utf8")).toMatch(/siteIds = \[[^\]]*"help-desk",\n\]/);
  expect(readFileSync(join(root, "shared/contract.ts"), "utf8")).toMatch(/systems = \[[^\]]*"help-desk", "generic"\]/);
});

test("an id that is taken or no id is refused, and nothing is written", async () => {
  const before = readFileSync(join(root, "shared/contract.ts"), "utf8");
  await expect(newSite(root, "jira-cloud")).rejects.toThrow("there already");
  for (const id of ["", "../evil", "Help Desk", "a/b", "-x"]) await expect(newSite(root, id)).rejects.toThrow("A site's id");
  expect(readFileSync(join(root, "shared/contract.ts"), "utf8")).toBe(before);
});
