// @vitest-environment jsdom
// Which words are painted under which name; how it looks is proved in Chromium (tests/e2e).
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { extractText } from "../../../extension/page/extract-text.ts";
import { createHighlighter } from "../../../extension/page/highlighter.ts";

class Painted {
  priority = 0;
  ranges: Range[];
  constructor(...ranges: Range[]) {
    this.ranges = ranges;
  }
  clear() {
    this.ranges = [];
  }
}
const highlights = new Map<string, Painted>();
beforeEach(() => {
  highlights.clear();
  // jsdom has neither highlights nor sheets that are made by script.
  vi.stubGlobal("Highlight", Painted);
  vi.stubGlobal("CSS", { highlights });
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
});
afterEach(() => vi.unstubAllGlobals());

function painter(html: string) {
  const page = document.implementation.createHTMLDocument();
  document.body.innerHTML = html;
  const blocks = [...document.querySelectorAll("p")].map((element) => ({ element, extraction: extractText(element) }));
  const highlighter = createHighlighter(page);
  const span = (quote: string, label = "Tool") => {
    const start = blocks[0]?.extraction.text.indexOf(quote) ?? -1;
    return { start, end: start + quote.length, label, quote };
  };
  const paint = (spans: ReturnType<typeof span>[], selected: ReturnType<typeof span> | null = null) =>
    highlighter.paint(
      blocks.map((block, index) => ({ ...block, spans: index === 0 ? spans : [] })),
      selected,
    );
  const shown = () => Object.fromEntries([...highlights].map(([name, { ranges }]) => [name.replace("sectag-q7-", ""), ranges.map(String)]));
  return { span, paint, shown };
}

test("spans are painted by label; the selected one once more, above, under a name of its own", () => {
  const { span, paint, shown } = painter("<p>mimi<b>katz</b> on FS-02</p>");
  const host = span("FS-02", "System");
  paint([span("mimikatz"), host], host);
  expect(shown()).toEqual({ tool: ["mimikatz"], system: ["FS-02"], selected: ["FS-02"] });
  expect(highlights.get("sectag-q7-selected")?.priority).toBe(1);
  expect(highlights.get("sectag-q7-tool")?.priority).toBe(0);
  paint([span("mimikatz")]);
  expect(shown()).toEqual({ tool: ["mimikatz"] });
});

test("words that do not stand there are not painted, and select nothing", () => {
  const { span, paint, shown } = painter("<p>mimikatz</p>");
  const gone = { ...span("mimikatz"), quote: "elsewhere" };
  paint([gone], gone);
  expect(shown()).toEqual({});
});
