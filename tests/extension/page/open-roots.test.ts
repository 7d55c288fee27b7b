// @vitest-environment jsdom
// Open shadow roots: nested ones, ones that come with new nodes, ones that come late without any sign; changes inside are seen, and read.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBlockReader } from "../../../extension/page/block-reader.ts";
import { extractText } from "../../../extension/page/extract-text.ts";
import { followRoots } from "../../../extension/page/open-roots.ts";
import { watchPage } from "../../../extension/page/watch-page.ts";
import { readAll } from "./read-all.ts";

let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
  document.body.replaceChildren();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** An element with an open root, `<x-a>#open(children)`. */
function host(name: string, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(name);
  element.attachShadow({ mode: "open" }).append(...children);
  return element;
}
const element = (name: string, ...children: (Node | string)[]) => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};
function followed() {
  const found: string[] = [];
  const roots = followRoots({ document, signal: stop.signal, onRoot: (root) => found.push(root.host.localName) });
  return { found, roots };
}

test("each root is told once, nested ones too, whatever element has it", () => {
  document.body.append(element("div", host("x-outer", element("p", host("x-inner", host("section", "deep"))))));
  const { found, roots } = followed();
  expect(found).toEqual(["x-outer", "x-inner", "section"]);
  roots.added(new Set([document.body]));
  expect(found).toHaveLength(3);
});

test("new nodes are looked through, once for a node and its children", () => {
  const { found, roots } = followed();
  const inner = host("x-new");
  const added = element("div", inner);
  document.body.append(added);
  roots.added(new Set([added, inner, document.createTextNode("x")]));
  expect(found).toEqual(["x-new"]);
});

test("a large subtree is looked through in slices, and what comes meanwhile is not forgotten", () => {
  const { found, roots } = followed();
  const large = element("div", ...Array.from({ length: 1500 }, () => element("p")), host("x-last"));
  document.body.append(large);
  // Every look at the clock costs more than a slice.
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => {
    now += 40;
    return now;
  });
  roots.added(new Set([large]));
  expect(found).toEqual([]);
  const meanwhile = element("div", host("x-meanwhile"));
  roots.added(new Set([meanwhile]));
  vi.runOnlyPendingTimers();
  expect(found).toEqual([]);
  vi.runAllTimers();
  clock.mockRestore();
  expect(found).toEqual(["x-last", "x-meanwhile"]);
});

test("a root that a known element gets later is found without any sign in the DOM; the looks end", () => {
  const late = element("x-late");
  document.body.append(late);
  const { found } = followed();
  vi.advanceTimersByTime(2000);
  expect(found).toEqual([]);
  late.attachShadow({ mode: "open" }).append(host("x-inside"));
  vi.advanceTimersByTime(3000);
  expect(found).toEqual(["x-late", "x-inside"]);
  document.body.append(element("x-never"));
  vi.advanceTimersByTime(60_000);
  expect(vi.getTimerCount()).toBe(0);
});

test("a custom element that was taken away and comes back is waited for again", () => {
  const late = element("x-late");
  document.body.append(late);
  const { found, roots } = followed();
  late.remove();
  vi.advanceTimersByTime(1000);
  document.body.append(late);
  roots.added(new Set([late]));
  late.attachShadow({ mode: "open" });
  vi.advanceTimersByTime(1000);
  expect(found).toEqual(["x-late"]);
});

test("nothing is left running after the end", () => {
  document.body.append(element("x-late"));
  const { found } = followed();
  stop.abort();
  document.querySelector("x-late")?.attachShadow({ mode: "open" });
  vi.advanceTimersByTime(20_000);
  expect(found).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a change in a nested root reaches the watcher, and makes only its own block be read again", async () => {
  const word = document.createTextNode("one");
  document.body.append(host("x-a", element("p", host("x-b", word))), host("x-c", "other"));
  const [first, second] = [...document.body.children];
  if (!first || !second) throw new Error("no hosts");
  const placed = [
    { id: "a", role: "description", element: first, kind: "text", restricted: false } as const,
    { id: "b", role: "comment", element: second, kind: "text", restricted: false } as const,
  ];
  const reader = createBlockReader();
  readAll(reader, placed, null);
  const before = reader.blocks();
  const heard: (ReadonlySet<Node> | null)[] = [];
  watchPage({ document, signal: stop.signal, onChange: ({ targets }) => heard.push(targets) });
  await vi.advanceTimersByTimeAsync(1000);
  heard.length = 0;
  word.data = "two";
  await vi.advanceTimersByTimeAsync(200);
  expect(heard).toHaveLength(1);
  readAll(reader, placed, heard[0] ?? null);
  expect(reader.blocks().get("a")?.extraction.text).toBe("two");
  expect(reader.blocks().get("b")?.extraction).toBe(before.get("b")?.extraction);
});

test("what is put into a slot is read where the slot stands; an empty slot shows its own words", () => {
  const card = host("x-card", element("p", "before"), document.createElement("slot"), element("p", "after"));
  card.append(element("p", "slotted"));
  const empty = host("x-card", element("slot", "nothing yet"));
  document.body.append(card, empty);
  expect(extractText(document.body).text).toBe("before\nslotted\nafter\nnothing yet");
});

test("the page's own words in a block are left out where the adapter names them", () => {
  document.body.append(element("p", "ours"), Object.assign(element("span", "Show quoted text"), { className: "folder" }));
  expect(extractText(document.body, { skip: ".folder" }).text).toBe("ours");
});
