// @vitest-environment jsdom
// Reading in slices: what the page changes meanwhile is read again, the rest counts, and a page that never rests is read all the same.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type BlockReader, createBlockReader } from "../../../extension/page/block-reader.ts";
import { readSteadily, type SteadyReading } from "../../../extension/page/steady-reading.ts";
import type { PlacedBlock } from "../../../extension/sites/site.ts";
import { readAll } from "./read-all.ts";

let reader: BlockReader;
let steady: SteadyReading;
let pending: Set<Node>;
let told: string[];
beforeEach(() => {
  vi.useFakeTimers();
  // Every look at the clock costs more than a slice: each rest of the reading is taken.
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += 40;
    return now;
  });
  const words = Array.from({ length: 100 }, (_, index) => `<b>w${index}</b> `).join("");
  document.body.innerHTML = `<div id="long">${words}</div><div id="short">short</div>`;
  reader = createBlockReader();
  pending = new Set();
  told = [];
  steady = readSteadily({
    reader,
    pending: () => pending,
    done: (changed) => told.push(changed ? "changed" : "same"),
    again: () => told.push("again"),
    failed: (error) => told.push(String(error)),
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function element(id: string): Element {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}
const placed = (): PlacedBlock[] =>
  ["long", "short"].map((id) => ({ id, role: "comment", element: element(id), kind: "text", restricted: false }));
const textOf = (id: string) => reader.blocks().get(id)?.extraction.text;

test("a long text is read in slices, and says so once, when all of it is there", () => {
  steady.read(placed(), null);
  expect([told, textOf("long")]).toEqual([[], undefined]);
  vi.runAllTimers();
  expect(told).toEqual(["changed"]);
  expect(textOf("long")).toMatch(/^w0 w1 .* w99$/);
});

test("a block that changes while it is read does not count before it was read again; the others do", () => {
  steady.read(placed(), null);
  element("long").prepend("new ");
  pending.add(element("long"));
  vi.runAllTimers();
  expect([told, textOf("long"), textOf("short")]).toEqual([[], undefined, "short"]);
  pending = new Set();
  steady.read(placed(), new Set([element("long")]));
  vi.runAllTimers();
  expect(told).toEqual(["changed"]);
  expect(textOf("long")).toMatch(/^new w0 .* w99$/);
});

test("a change that is told while a text is read is looked for afterwards, in the page of then", () => {
  steady.read(placed(), null);
  steady.read(placed(), new Set([element("short")]));
  vi.runAllTimers();
  expect(told).toEqual(["again"]);
  expect(textOf("long")).toMatch(/w99$/);
  expect(textOf("short")).toBeUndefined();
});

test("a text that the page never leaves alone is read at one go in the end", () => {
  pending.add(element("long"));
  for (let round = 0; round < 8; round++) {
    steady.read(placed(), new Set([element("long")]));
    vi.runAllTimers();
  }
  expect([told, textOf("long")]).toEqual([[], undefined]);
  steady.read(placed(), new Set([element("long")]));
  element("long").append(" later");
  // What changes after its reading is told, and looked for once the rest is read.
  steady.read(placed(), new Set([element("long")]));
  vi.runAllTimers();
  expect(told).toEqual(["changed", "again"]);
  expect(textOf("long")).toMatch(/w99$/);
});

test("what is stopped says nothing, and the next reading is of everything", () => {
  steady.read(placed(), null);
  steady.stop();
  vi.runAllTimers();
  expect(told).toEqual([]);
  steady.read(placed(), new Set());
  vi.runAllTimers();
  expect([told, textOf("short")]).toEqual([["changed"], "short"]);
});

test("what a reading that failed was to read is read by the next one", () => {
  readAll(reader, placed(), null);
  element("long").append(" end");
  element("short").textContent = "other";
  const broken = vi.spyOn(globalThis, "getComputedStyle").mockImplementation(() => {
    throw new Error("the page broke it");
  });
  steady.read(placed(), new Set([element("long"), element("short")]));
  vi.runAllTimers();
  broken.mockRestore();
  expect(told).toEqual(["Error: the page broke it"]);
  steady.read(placed(), new Set());
  vi.runAllTimers();
  expect(told.at(-1)).toBe("changed");
  expect([textOf("long"), textOf("short")]).toEqual([expect.stringMatching(/w99 end$/), "other"]);
});

test("spans that came while a text was read stand on its new words", () => {
  readAll(reader, placed(), null);
  element("short").textContent = "a short";
  element("long").append(" end");
  steady.read(placed(), new Set([element("short"), element("long")]));
  reader.setSpans([{ id: "short", spans: [{ start: 0, end: 5, label: "Indicator", quote: "short", source: "rule", score: 1 }] }]);
  vi.runAllTimers();
  expect(told).toEqual(["changed"]);
  expect(reader.blocks().get("short")?.spans).toMatchObject([{ start: 2, end: 7, quote: "short" }]);
});
