// @vitest-environment jsdom
// From a selection back to offsets: the inverse of painting, also for text in pieces, hidden parts, borders outside, and shadow trees.
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { offsetsOf, rangesOf } from "../../../extension/page/anchor.ts";
import { extractText } from "../../../extension/page/extract-text.ts";

beforeEach(() => document.body.replaceChildren());

function page(html: string): HTMLElement {
  document.body.innerHTML = html;
  const block = document.querySelector<HTMLElement>("#block");
  if (!block) throw new Error("The page has no #block");
  return block;
}

/** A selection from the first occurrence of `from` in a text node to the end of the last one of `to`. */
function select(from: string, to: string, within: Node = document.body): Range {
  const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.nodeValue ?? "";
    if (!begun && text.includes(from)) {
      range.setStart(node, text.indexOf(from));
      begun = true;
    }
    if (text.includes(to)) range.setEnd(node, text.lastIndexOf(to) + to.length);
  }
  return range;
}

function selected(block: Element, range: AbstractRange): string | null {
  const extraction = extractText(block);
  const found = offsetsOf(extraction, range);
  return found && extraction.text.slice(found.start, found.end);
}

test("words in one node, in pieces as React leaves them, over markup, a line break, and nested parts", () => {
  const block = page('<div id="block"><p>visit the  evil host</p><p>who <b>has <i>the</i></b> role<br>and key</p></div>');
  expect(selected(block, select("evil", "evil"))).toBe("evil");
  expect(selected(block, select("the  evil", "the  evil"))).toBe("the evil");
  const node = block.querySelector("p")?.firstChild;
  if (node instanceof Text) node.splitText(12);
  expect(selected(block, select("vil", "vil"))).toBe("vil");
  expect(selected(block, select("  e", "host"))).toBe("evil host");
  expect(selected(block, select("has", "role"))).toBe("has the role");
  expect(selected(block, select("role", "and"))).toBe("role\nand");
});

test("white space at the ends is left out; a selection of nothing else is none", () => {
  const block = page('<div id="block"><p>visit  </p><p> </p><p>  host now</p></div>');
  expect(selected(block, select("visit  ", "  host"))).toBe("visit\nhost");
  const range = document.createRange();
  range.selectNodeContents(block.children[1] ?? block);
  expect(selected(block, range)).toBeNull();
  range.collapse(true);
  expect(selected(block, range)).toBeNull();
});

test("a selection that begins or ends outside is clamped; one that lies outside is none", () => {
  const block = page('<p>before it</p><div id="block"><p>evil host</p><p>is down</p></div><p>after it</p>');
  expect(selected(block, select("before", "evil"))).toBe("evil");
  expect(selected(block, select("down", "after"))).toBe("down");
  expect(selected(block, select("before", "after"))).toBe("evil host\nis down");
  expect(selected(block, select("before", "before it"))).toBeNull();
  expect(selected(block, select("after", "after it"))).toBeNull();
  const range = document.createRange();
  range.selectNode(block);
  expect(selected(block, range)).toBe("evil host\nis down");
});

test("parts that are not read may lie in the selection or at its ends", () => {
  const block = page('<div id="block"><p>one <span style="display:none">hidden</span>two</p><button>press</button><p>three</p></div>');
  expect(selected(block, select("one", "two"))).toBe("one two");
  expect(selected(block, select("hidden", "two"))).toBe("two");
  expect(selected(block, select("hidden", "press"))).toBe("two");
  expect(selected(block, select("press", "press"))).toBeNull();
});

test("a node that the page has shortened since it was read is not trusted", () => {
  const block = page('<div id="block">a long text</div>');
  const extraction = extractText(block);
  const range = select("a long", "a long");
  if (block.firstChild) block.firstChild.nodeValue = "a lo";
  expect(offsetsOf(extraction, range)).toBeNull();
});

test("open shadow trees: inside one, from outside into one, and over one", () => {
  const block = page('<p>before</p><div id="block"><span>light</span><x-text></x-text><span>end</span></div>');
  const shadow = block.querySelector("x-text")?.attachShadow({ mode: "open" });
  if (!shadow) throw new Error("no shadow root");
  shadow.innerHTML = "<p>deep evil word</p>";
  const inside = select("evil", "evil", shadow);
  expect(selected(block, inside)).toBe("evil");
  const extraction = extractText(block);
  // `getComposedRanges` gives ranges whose ends stand in different trees.
  const { startContainer, startOffset } = select("light", "light");
  const { endContainer, endOffset } = inside;
  expect(selected(block, new StaticRange({ startContainer, startOffset, endContainer, endOffset }))).toBe(
    extraction.text.slice(0, extraction.text.indexOf(" word")),
  );
  expect(selected(block, select("light", "end"))).toBe(extraction.text);
  expect(selected(block, select("before", "before"))).toBeNull();
});

test("for any text and any word of it, what is painted selects what was meant", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("p", "b", "span", "code"), word), { minLength: 1, maxLength: 8 }),
      fc.nat(),
      (parts, pick) => {
        document.body.innerHTML = '<div id="block"></div>';
        const block = document.querySelector("#block");
        for (const [tag, text] of parts) block?.append(Object.assign(document.createElement(tag), { textContent: text }));
        if (!block) return;
        const extraction = extractText(block);
        const words = [...extraction.text.matchAll(/\S+/g)];
        const chosen = words[pick % Math.max(1, words.length)];
        if (!chosen) return;
        const start = chosen.index;
        const end = start + chosen[0].length;
        for (const range of rangesOf(extraction, start, end)) expect(offsetsOf(extraction, range)).toEqual({ start, end });
      },
    ),
    { numRuns: 300 },
  );
});
