// @vitest-environment jsdom
// Text extraction and anchoring: what is read is what is painted. Layout-dependent parts are proved in Chromium (tests/e2e).
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { locate, rangeOf, rangesOf } from "../../../extension/page/anchor.ts";
import { extractText, extractValue } from "../../../extension/page/extract-text.ts";
import { MAX_BLOCK_LENGTH } from "../../../shared/contract.ts";

beforeEach(() => {
  document.body.replaceChildren();
});

function page(html: string): HTMLElement {
  const root = document.createElement("div");
  root.innerHTML = html;
  document.body.append(root);
  return root;
}

test("blocks and breaks become lines, cells become tabs, white space collapses", () => {
  const root = page(
    "<p>Hi  team,</p><p>host <b>FS-02</b><br>is\n down</p><table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
  );
  expect(extractText(root).text).toBe("Hi team,\nhost FS-02\nis down\na\tb\nc\td");
});

test("editors, scripts, hidden and aria-hidden parts are not read", () => {
  const root = page(
    '<p>seen</p><script>1</script><style>p{}</style><p style="display:none">no</p><p aria-hidden="true">no</p><textarea>no</textarea><input value="no"><p>end</p>',
  );
  expect(extractText(root).text).toBe("seen\nend");
});

test("the alternative text of small images (emoji) is read", () => {
  expect(extractText(page('<p>clicked <img alt=":fire:"> it</p>')).text).toBe("clicked :fire: it");
});

test("values come from the field, not from its nodes", () => {
  const field = document.createElement("textarea");
  field.textContent = "old";
  field.value = "new\r\nvalue";
  expect(extractValue(field)).toEqual({ text: "new\nvalue", segments: [], cut: false, unread: 0 });
  expect(extractValue(field, 3)).toEqual({ text: "new", segments: [], cut: true, unread: 0 });
});

test("a word cut by markup gives one range with the exact text", () => {
  const extraction = extractText(page("<p>see mimi<b>ka</b>tz here</p>"));
  const start = extraction.text.indexOf("mimikatz");
  expect(rangeOf(extraction, start, start + 8)?.toString()).toBe("mimikatz");
});

test("a span over a hidden copy is painted in pieces that leave the copy out", () => {
  const extraction = extractText(page('<p>who has</p><p style="display:none">who has</p><p>the role</p>'));
  const ranges = rangesOf(extraction, extraction.text.indexOf("has"), extraction.text.indexOf("role"));
  expect(ranges.map(String)).toEqual(["has", "the "]);
});

test("a span that begins or ends with a picture's text is painted on the rest of it", () => {
  const extraction = extractText(page('<p>clicked <img alt="🔥"> evil.example <img alt="👀"></p>'));
  expect(extraction.text).toBe("clicked 🔥 evil.example 👀");
  const at = (words: string) =>
    rangesOf(extraction, extraction.text.indexOf(words), extraction.text.indexOf(words) + words.length).map(String);
  expect(at("🔥 evil.example")).toEqual(["evil.example"]);
  expect(at("evil.example 👀")).toEqual(["evil.example"]);
  expect(at("🔥 evil.example 👀")).toEqual(["evil.example"]);
  expect(at("🔥")).toEqual([]);
});

test("for any nesting of text, each word of the extraction anchors to a range with the same letters", () => {
  const tags = ["p", "b", "span", "li", "div", "code", "i"] as const;
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.tuple(fc.constantFrom(...tags), fc.array(tie("node"), { maxLength: 4 })),
    ),
  })).node;
  const build = (node: unknown): Node => {
    if (!Array.isArray(node)) return document.createTextNode(String(node));
    const element = document.createElement(String(node[0]));
    element.append(...(node[1] as unknown[]).map(build));
    return element;
  };
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 5 }), (nodes) => {
      document.body.replaceChildren();
      const root = document.createElement("div");
      root.append(...nodes.map(build));
      document.body.append(root);
      const extraction = extractText(root);
      expect(extraction.text.replace(/\s+/g, "")).toBe((root.textContent ?? "").replace(/[ \t\n\r\f]+/g, "").replace(/\s+/g, ""));
      for (const word of extraction.text.matchAll(/[^ \t\n\r\f]+/g)) {
        const range = rangeOf(extraction, word.index, word.index + word[0].length);
        expect(range?.toString().replace(/[ \t\n\r\f]+/g, "")).toBe(word[0]);
      }
    }),
    { numRuns: 300 },
  );
});

test("a moved quote is found nearby, a vanished one is orphaned", () => {
  const span = { start: 4, end: 8, quote: "evil" };
  expect(locate("the evil host", span)).toEqual({ start: 4, end: 8 });
  expect(locate("and then the evil host", span)).toEqual({ start: 13, end: 17 });
  expect(locate("the good host", span)).toBeNull();
  expect(locate(`the good ${"x ".repeat(200)} evil`, span)).toBeNull();
});

test("reading stops at the limit", () => {
  const long = extractText(page(`<p>${"a".repeat(500)}</p><p>b</p>`), { most: 100 });
  expect(long.text).toHaveLength(100);
  expect(long.cut).toBe(true);
  expect(extractText(page("<p>one two</p>"), { most: 7 })).toMatchObject({ text: "one two", cut: false });
  expect(extractText(page("<p>one two</p>"), { most: 5 })).toMatchObject({ text: "one t", cut: true });
});

test("components that hide their contents are counted, and frames that are drawn", () => {
  const root = page("<p>seen</p><x-closed></x-closed><x-open></x-open><iframe></iframe><iframe hidden></iframe>");
  const closed = root.querySelector("x-closed")?.attachShadow({ mode: "closed" });
  closed?.append("hidden");
  root.querySelector("x-open")?.attachShadow({ mode: "open" }).append("open");
  // jsdom draws nothing.
  const [drawn] = root.querySelectorAll("iframe");
  if (!drawn || !closed) throw new Error("no frame");
  drawn.getClientRects = () => Object.assign([new DOMRect()], { item: () => null });
  const isClosed = (element: Element) => element === closed.host;
  expect(extractText(root, { isClosed })).toMatchObject({ text: "seen\nopen", unread: 2 });
  expect(extractText(closed.host, { isClosed })).toMatchObject({ text: "", unread: 1 });
  expect(extractText(root)).toMatchObject({ text: "seen\nopen", unread: 1 });
});

test("of ten million characters in one node the first are read, and it is said that there are more", () => {
  const root = page("<p></p>");
  const text = "word  and another word ".repeat(450_000);
  root.firstElementChild?.append(text);
  const extraction = extractText(root);
  expect(extraction).toMatchObject({ cut: true });
  expect(extraction.text).toBe(text.replace(/ +/g, " ").slice(0, MAX_BLOCK_LENGTH));
  const spaces = page(`<p>${" ".repeat(1_000_000)}word</p>`);
  expect(extractText(spaces)).toMatchObject({ text: "", cut: true });
});

test("a frame that stands for a text is not read, and counted", () => {
  expect(extractText(page("<iframe></iframe>").children[0] ?? document.body)).toMatchObject({ text: "", unread: 1 });
});
