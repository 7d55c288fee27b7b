// @vitest-environment jsdom
// The block reader: what scrolled out of a virtual list still counts, as restricted as it was; nothing that was never read does.
import { beforeEach, expect, test } from "vitest";
import { type BlockReader, createBlockReader } from "../../../extension/page/block-reader.ts";
import type { PlacedBlock } from "../../../extension/sites/site.ts";
import { readAll } from "./read-all.ts";

let reader: BlockReader;
beforeEach(() => {
  reader = createBlockReader();
  document.body.innerHTML = '<h1>Mail</h1><div id="shell"><p>internal evil.example</p></div>';
});

function element(selector: string): Element {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
}
const title = (): PlacedBlock => ({ id: "title", role: "title", element: element("h1"), kind: "text", restricted: false });
const drawn = (): PlacedBlock => ({ id: "c1", role: "comment", element: element("#shell p"), kind: "text", restricted: true });
const away = (id = "c1"): PlacedBlock => ({ id, role: "comment", element: element("#shell"), kind: "text", restricted: false, away: true });

test("a comment that scrolled away keeps its text, its spans and its restriction, and has nothing to paint", () => {
  expect(readAll(reader, [title(), drawn()], null)).toBe(true);
  reader.setSpans([{ id: "c1", spans: [{ start: 9, end: 21, label: "domain", quote: "evil.example", source: "rule", score: 1 }] }]);
  const before = reader.asRequest([title(), drawn()]);
  element("#shell p").remove();
  expect(readAll(reader, [title(), away()], new Set([element("#shell")]))).toBe(true);
  expect(reader.asRequest([title(), away()])).toEqual(before);
  expect(reader.blocks().get("c1")).toMatchObject({ restricted: true, extraction: { segments: [] }, spans: [{ quote: "evil.example" }] });
  // Nothing more changed: nothing is drawn anew.
  expect(readAll(reader, [title(), away()], new Set())).toBe(false);
});

test("when it is drawn again its spans stand on its new nodes", () => {
  readAll(reader, [drawn()], null);
  reader.setSpans([{ id: "c1", spans: [{ start: 9, end: 21, label: "domain", quote: "evil.example", source: "rule", score: 1 }] }]);
  element("#shell p").remove();
  readAll(reader, [away()], null);
  element("#shell").append(Object.assign(document.createElement("p"), { textContent: "internal evil.example" }));
  expect(readAll(reader, [drawn()], null)).toBe(true);
  const block = reader.blocks().get("c1");
  expect(block?.spans).toHaveLength(1);
  expect(block?.extraction.segments.every(({ node }) => node.isConnected)).toBe(true);
});

test("a shell that was never drawn is no block, and one that went away is a change", () => {
  expect(readAll(reader, [title(), away("c2")], null)).toBe(true);
  expect(reader.asRequest([title(), away("c2")])).toHaveLength(1);
  expect(readAll(reader, [title(), away("c2")], new Set())).toBe(false);
  readAll(reader, [title(), drawn()], null);
  expect(readAll(reader, [title()], new Set())).toBe(true);
  expect([...reader.blocks().keys()]).toEqual(["title"]);
});

test("a mark that arrives after the text is heeded", () => {
  readAll(reader, [{ ...drawn(), restricted: false }], null);
  expect(readAll(reader, [drawn()], new Set())).toBe(false);
  expect(reader.blocks().get("c1")?.restricted).toBe(true);
});
