// @vitest-environment jsdom
// A pack's selectors: they find what the packaged ones miss, and cannot name the ticket, read an editor, or let anything leave that only they found.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { findTicket, sites } from "../../../extension/sites/all-sites.ts";
import { packProblem, withPack } from "../../../extension/sites/packed.ts";
import type { PlacedBlock } from "../../../extension/sites/site.ts";
import { siteIds } from "../../../shared/selector-health.ts";
import { PackSites } from "../../../shared/selector-lists.ts";

afterEach(() => {
  document.documentElement.innerHTML = "";
});
const url = new URL("https://jira.corp.example/browse/SOC-1");
const dc = (comments: string, title = '<h1 id="summary-val">A title</h1>') => {
  document.body.id = "jira";
  document.body.innerHTML = `<div id="issue-content"><a id="key-val" href="/browse/SOC-1">SOC-1</a>${title}
<div id="description-val"><div class="user-content-block">What happened</div></div><div id="issue_actions_container">${comments}</div></div>
<aside><p class="other">SOC-2: another ticket</p></aside>`;
};
const comment = (id: number, body = "Words") =>
  `<div id="comment-${id}" class="activity-comment"><div class="twixi-wrap verbose"><div class="action-head">By Ana</div><div class="action-body">${body}</div></div></div>`;
const renamed = (html: string) => html.replaceAll("activity-comment", "remark").replaceAll("action-body", "remark-text");
const read = (lists: Record<string, string[]> | null) => {
  const lookup = findTicket(url, document, lists ? withPack(sites, { "jira-data-center": lists }) : sites);
  if (!lookup.place) throw new Error(JSON.stringify(lookup));
  return lookup.place;
};
const said = (blocks: PlacedBlock[]) => blocks.map(({ id, element, restricted }) => [id, element.textContent, restricted]);
const mending = { comments: [".remark"], commentBodies: [".remark-text"] };

test("what was renamed is found again, and stays on the machine; what is found without the pack is as before", () => {
  dc(renamed(comment(1) + comment(2)));
  expect(said(read(null).blocks)).toEqual([
    ["title", "A title", false],
    ["description", "What happened", false],
  ]);
  expect(said(read(mending).blocks)).toEqual([
    ["title", "A title", false],
    ["description", "What happened", false],
    ["comment-1", "Words", true],
    ["comment-2", "Words", true],
  ]);
  dc(comment(1));
  expect(said(read(mending).blocks)).toEqual(said(read(null).blocks));
});

test("the pack of another adapter changes nothing, and every stored page is read as before by a pack that finds nothing", () => {
  dc(comment(1));
  expect(findTicket(url, document, withPack(sites, { "jira-cloud": mending }))).toEqual(findTicket(url, document));
  const nothing = Object.fromEntries(
    sites.map(({ id, selectors }) => [id, Object.fromEntries(Object.keys(selectors).map((name) => [name, ["sectag-nowhere"]]))]),
  );
  const folder = join(import.meta.dirname, "..", "..", "fixtures", "pages");
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html"));
  let tickets = 0;
  for (const file of pages) {
    const expected = JSON.parse(readFileSync(join(folder, file.replace(/\.html$/, ".expected.json")), "utf8")) as { url: string };
    const page = new DOMParser().parseFromString(readFileSync(join(folder, file), "utf8"), "text/html");
    const [own, packed] = [sites, withPack(sites, nothing)].map((from) => findTicket(new URL(expected.url), page, from));
    // How long it took is the machine's business.
    const shape = (lookup: typeof own) =>
      lookup?.place && { ...lookup.place, slow: undefined, blocks: lookup.place.blocks.map(({ skip: _, ...block }) => block) };
    expect(shape(packed), file).toEqual(shape(own));
    if (own?.place) tickets++;
  }
  expect(tickets).toBeGreaterThan(20);
});

test("what marks a comment as internal counts by either reading, whatever a pack says is its head or the author's words", () => {
  const internal = comment(1).replace("By Ana", 'By Ana <span class="redText">Restricted to Service Desk Team</span>');
  dc(internal + comment(2));
  const blind = { commentHeads: [".action-body"], written: ["*"], restrictions: ["[unclosed='"] };
  const [, , first, second] = read(blind).blocks;
  expect([first?.restricted, second?.restricted]).toEqual([true, false]);
  // A pack may say that more is internal.
  expect(read({ restrictions: [".verbose"] }).blocks.map(({ restricted }) => restricted)).toEqual([false, false, true, true]);
});

test("another ticket's text, and all that only a pack finds, is restricted; the key is the packaged reading's", () => {
  dc(comment(1));
  // What is outside of the part of the page is out of reach.
  const place = read({ titles: [".other", "#key-val"], descriptions: ["body", "#issue_actions_container"] });
  expect(place.ticket.key).toBe("SOC-1");
  expect(place.blocks.map(({ role, restricted }) => [role, restricted])).toEqual([
    ["title", true],
    ["description", true],
    ["comment", false],
  ]);
  // Request Tracker's heading has the number: a pack's title does not change it.
  document.body.id = "comp-Ticket-Display";
  document.body.innerHTML = '<div id="header"><h1>#7: A title</h1></div><p class="x">#8: Another</p>';
  const rt = new URL("https://rt.corp.example/Ticket/Display.html?id=7");
  const lookup = findTicket(rt, document, withPack(sites, { "request-tracker": { titles: [".x"] } }));
  expect(lookup.place?.ticket.key).toBe("rt.corp.example#7");
  expect(lookup.place && said(lookup.place.blocks)).toEqual([["title", "#8: Another", true]]);
});

test("where the packaged reading sees no ticket there is none, and one that throws by a pack is named", () => {
  document.body.innerHTML = '<h1 class="x">A list</h1>';
  expect(findTicket(url, document, withPack(sites, { "jira-data-center": { titles: [".x"] } })).place).toBeNull();
  dc(comment(1));
  const lookup = findTicket(url, document, withPack(sites, { "jira-data-center": { titles: ["h1[["] } }));
  expect(lookup).toMatchObject({ place: null, broken: [expect.stringContaining("jira-data-center: ")] });
});

test("a pack whose selectors take too long is left on that page, and one that is slow by chance is not", () => {
  dc(renamed(comment(1)));
  let [now, taking] = [0, 0];
  // Before the first reading, between the two, after the second.
  const times = [() => 0, () => 5, () => taking];
  let asked = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += times[asked++ % 3]?.() ?? 0;
    return now;
  });
  const packed = withPack(sites, { "jira-data-center": mending });
  const marks: boolean[] = [];
  const comments = (ms: number) => {
    [asked, taking] = [0, ms];
    const { place } = findTicket(url, document, packed);
    marks.push(place?.slow === true);
    return place?.blocks.filter(({ role }) => role === "comment").length;
  };
  expect([56, 56, 55, 56, 56].map(comments)).toEqual([1, 1, 1, 1, 1]);
  expect([56, 0, 0].map(comments)).toEqual([1, 0, 0]);
  // What it costs is held against the pack, also where it is read without.
  expect(marks).toEqual([true, true, false, true, true, true, true, true]);
  vi.restoreAllMocks();
});

test("no editor, field, control or script is read by a pack's choice: the text is missing then", () => {
  for (const [html, titles] of [
    ['<div contenteditable="true"><p class="x">not yet said</p></div>', ".x"],
    ['<div contenteditable class="x">not yet said</div>', ".x"],
    ['<input type="password" class="x" value="secret">', ".x"],
    ['<input class="x" value="text">', ".x"],
    ['<textarea class="x">draft</textarea>', ".x"],
    ['<script type="application/json" class="x">{"token":1}</script>', ".x"],
    ['<button><b class="x">Save</b></button>', ".x"],
    ['<noscript class="x">no</noscript>', ".x"],
  ] as const) {
    dc(html);
    const { blocks, missing } = read({ titles: [titles] });
    expect([blocks.map(({ role }) => role), missing], html).toEqual([["description"], ["title"]]);
  }
  dc('<form><p class="x">A title in a form</p><p contenteditable="false">no editor</p></form>');
  expect(read({ titles: [".x"] }).missing).toEqual([]);
});

test("also not over the border of a component: an editor around its host", () => {
  dc('<div contenteditable="true"><x-host></x-host></div>');
  const host = document.querySelector("x-host");
  host?.attachShadow({ mode: "open" }).append(document.createElement("now-rich-text"));
  const workspace = new URL("https://x.service-now.com/now/sow/record/incident/0123456789abcdef0123456789abcdef");
  document.body.innerHTML = `<macroponent-1></macroponent-1><div contenteditable="true"><sn-form-data-connected></sn-form-data-connected>
<x-stream></x-stream></div>`;
  const shadow = document.querySelector("x-stream")?.attachShadow({ mode: "open" });
  if (shadow) shadow.innerHTML = '<div class="tile" id="t1"><div class="tile-body">typed</div></div>';
  const find = (streams: string[]) =>
    findTicket(workspace, document, withPack(sites, { "servicenow-workspace": { streams } })).place?.blocks.length;
  expect(find(["x-stream"])).toBe(0);
  document.querySelector("[contenteditable]")?.removeAttribute("contenteditable");
  expect(find(["x-stream"])).toBe(1);
});

const problem = (pack: unknown) => packProblem(PackSites.parse(pack), sites, document);
const bad = (selector: string) => problem({ "jira-cloud": { titles: ["h1", selector] } })?.code ?? null;

test("names that no adapter has, and one bad selector among good ones, refuse a pack whole", () => {
  expect(problem({})).toBeNull();
  expect(
    problem({ "jira-cloud": { comments: ["article", ':is([data-x="1"], a):has(> b)'] }, "request-tracker": { texts: [":scope > p"] } }),
  ).toBeNull();
  expect(problem({ "jira-server": { comments: ["p"] } })).toMatchObject({
    code: "unknown_names",
    detail: "There is no adapter jira-server",
  });
  for (const name of ["containers", "breadcrumbs", "keys", "constructor", "toString"])
    expect(problem({ "jira-cloud": { [name]: ["p"] } }), name).toMatchObject({ code: "unknown_names" });
  expect(problem({ generic: { titles: ["p"] } })).toMatchObject({ code: "unknown_names" });
  for (const selector of ["h1[", "<b>", "", "a,", "a { color: red }", "//h1", "function(){}", ":nope(1)"].filter(Boolean))
    expect(bad(selector), selector).toBe("bad_selector");
});

test("a selector that would swallow those behind it is none", () => {
  for (const selector of ['[a="b', "[a='b", '[a="b"', ":is(a", ":not(a", "a /* x", "a\\"])
    expect(bad(selector), selector).toBe("bad_selector");
});

test("what is too long, too many, or under a name that is none does not fit into a pack", () => {
  const fits = (pack: unknown) => PackSites.safeParse(pack).success;
  const lists = (count: number, list: string[]) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`l${"x".repeat(n)}`, list]));
  expect(fits({ a: { titles: ["a".repeat(500)], ...lists(29, ["a"]) } })).toBe(true);
  for (const pack of [
    { a: { titles: ["a".repeat(501)] } },
    { a: { titles: [] } },
    { a: { titles: [""] } },
    { a: { titles: ["a\nb"] } },
    { a: { titles: [1] } },
    { a: { titles: "a" } },
    { a: { titles: Array(13).fill("a") } },
    { a: lists(31, ["a"]) },
    { a: { "titles.x": ["a"] } },
    { A: { titles: ["a"] } },
    Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`s${n}`, {}])),
  ])
    expect(fits(pack), JSON.stringify(pack).slice(0, 80)).toBe(false);
});

test("every adapter but that of pages that are asked for is counted, and each list has selectors that the browser knows", () => {
  expect(
    sites
      .map(({ id }) => id)
      .filter((id) => id !== "generic")
      .sort(),
  ).toEqual([...siteIds].sort());
  const own = Object.fromEntries(sites.map(({ id, selectors }) => [id, selectors]));
  expect(packProblem(PackSites.parse(own), sites, document)).toBeNull();
});
