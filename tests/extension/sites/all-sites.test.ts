// @vitest-environment jsdom
// Site adapters on stored pages: exactly one claims each, and each finds the right key and blocks.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { extractText, extractValue } from "../../../extension/page/extract-text.ts";
import { findAsked, findTicket, serves, servesHost, sites } from "../../../extension/sites/all-sites.ts";
import type { SiteAdapter } from "../../../extension/sites/site.ts";

const folder = join(import.meta.dirname, "..", "..", "fixtures", "pages");
interface Expected {
  url: string;
  system: string | null;
  /** The adapter, where it is not called like the system. */
  site?: string;
  /** The person asked for this page, which is no known ticket. */
  asked?: true;
  key?: string;
  missing?: string[];
  /** Restricted only where the fixture says so. */
  blocks?: { id: string; role: string; kind: string; text: string; restricted?: boolean; away?: boolean }[];
}

/** The stored page as this document, with its `<template shadowrootmode>` brought to life, which jsdom's parser does not do. */
function openPage(html: string): Document {
  document.open();
  document.write(html);
  document.close();
  const attach = (root: ParentNode) => {
    for (const template of root.querySelectorAll<HTMLTemplateElement>("template[shadowrootmode]")) {
      const mode = template.getAttribute("shadowrootmode") === "closed" ? "closed" : "open";
      const shadow = template.parentElement?.attachShadow({ mode });
      shadow?.append(template.content);
      template.remove();
      if (shadow) attach(shadow);
    }
  };
  attach(document);
  return document;
}

const cases = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html"));

test("there are at least two stored pages for each adapter", () => {
  for (const site of sites) expect(cases.filter((file) => file.startsWith(site.id)).length, site.id).toBeGreaterThanOrEqual(2);
});

for (const file of cases) {
  test(`${file}: one adapter claims it and finds what the fixture names`, () => {
    const expected = JSON.parse(readFileSync(join(folder, file.replace(/\.html$/, ".expected.json")), "utf8")) as Expected;
    const page = openPage(readFileSync(join(folder, file), "utf8"));
    const url = new URL(expected.url);
    const claims = sites.filter((site) => serves(site, url, page) && site.find(url, page, site.selectors) !== null).map((site) => site.id);
    expect(claims).toEqual(expected.system && !expected.asked ? [expected.site ?? expected.system] : []);
    const { place } = (expected.asked ? findAsked : findTicket)(url, page);
    if (!expected.system) return;
    expect(place?.ticket).toEqual({ system: expected.system, key: expected.key });
    expect(place?.missing).toEqual(expected.missing ?? []);
    const blocks = place?.blocks.map(({ id, role, kind, element, restricted, away, skip }) => ({
      id,
      role,
      kind,
      text: (kind === "value" ? extractValue(element) : extractText(element, { skip })).text.trim().replace(/\s+/g, " "),
      ...(restricted ? { restricted } : {}),
      ...(away ? { away } : {}),
    }));
    expect(blocks).toEqual(expected.blocks);
  });
}

test("an adapter that throws is named and the others go on", () => {
  const [good] = sites;
  const bad: SiteAdapter = {
    id: "jira-cloud",
    matches: ["https://*.atlassian.net/*"],
    selectors: {},
    find() {
      throw new Error("boom");
    },
  };
  const page = new DOMParser().parseFromString("<p>", "text/html");
  const url = new URL("https://x.atlassian.net/browse/SOC-1");
  expect(findTicket(url, page, [bad])).toEqual({ place: null, broken: ["jira-cloud: boom"] });
  expect(good && findTicket(url, page, [bad, ...sites]).place?.ticket.key).toBe("SOC-1");
});

test("no adapter serves another scheme, a look-alike host, or everything", () => {
  for (const site of sites) {
    for (const pattern of site.matches) expect(pattern).toMatch(/^https:\/\/\*\.[a-z-]+\.[a-z]+\/\*$/);
    for (const url of [
      "http://x.atlassian.net/browse/A-1",
      "https://atlassian.net.evil.example/browse/A-1",
      "https://evilservice-now.com/incident.do?sys_id=1",
    ])
      expect(servesHost(site, new URL(url)), url).toBe(false);
  }
});
