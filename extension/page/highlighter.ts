// Paints spans by the CSS Custom Highlight API: no node of the page is touched.
import { spanStyle } from "../../shared/labels.ts";
import { locate, rangesOf } from "./anchor.ts";
import type { Extraction } from "./extract-text.ts";
import { outerElement } from "./outer-element.ts";

/** The page shares CSS.highlights with us: an unlikely prefix keeps our names apart from its own. */
const prefix = "sectag-q7";
/** The span that is being edited; no label is called like it. */
const selectedName = "selected";

interface Paintable {
  start: number;
  end: number;
  label: string;
  quote: string;
}

export interface Highlighter {
  /**
   * Paints the spans whose quote stands in the text and on nodes; the others are left out rather than painted wrongly.
   * @param selected the one of them that is being edited, marked apart.
   */
  paint(blocks: readonly { extraction: Extraction; element: Element; spans: readonly Paintable[] }[], selected?: Paintable | null): void;
  clear(): void;
}

/** @param document the page's; its `adoptedStyleSheets` and those of painted shadow roots get one sheet, their nodes nothing. */
export function createHighlighter(document: Document): Highlighter {
  const view = document.defaultView;
  const sheet = view ? new view.CSSStyleSheet() : null;
  const mine = new Map<string, Highlight>();
  let theme: "light" | "dark" | null = null;
  /** The trees that were painted: rules for highlights count only in the tree whose sheets they stand in. */
  const trees = new Set<DocumentOrShadowRoot>();

  const write = (wanted: "light" | "dark", labels: Iterable<string>) => {
    sheet?.replaceSync([...labels].map((label) => rule(label, wanted)).join("\n"));
    theme = wanted;
  };
  /** The page may have set its own list since: look each time. */
  const adopt = (ranges: Iterable<Range>) => {
    if (!sheet) return;
    trees.add(document);
    for (const { startContainer } of ranges) {
      const root = startContainer.getRootNode();
      if (root instanceof ShadowRoot) trees.add(root);
    }
    for (const tree of trees) {
      if (tree instanceof ShadowRoot && !tree.host.isConnected) trees.delete(tree);
      else if (!tree.adoptedStyleSheets.includes(sheet)) tree.adoptedStyleSheets = [...tree.adoptedStyleSheets, sheet];
    }
  };

  const clear = () => {
    for (const tree of trees) tree.adoptedStyleSheets = tree.adoptedStyleSheets.filter((other) => other !== sheet);
    trees.clear();
    for (const [label, highlight] of mine) {
      highlight.clear();
      CSS.highlights.delete(nameOf(label));
    }
    mine.clear();
  };

  return {
    clear,
    paint(blocks, selected = null) {
      const ranges = new Map<string, Range[]>();
      for (const { extraction, spans } of blocks) {
        for (const span of spans) {
          const place = locate(extraction.text, span);
          const found = place ? rangesOf(extraction, place.start, place.end) : [];
          if (found.length === 0) continue;
          for (const name of span === selected ? [span.label, selectedName] : [span.label]) {
            const list = ranges.get(name) ?? [];
            list.push(...found);
            ranges.set(name, list);
          }
        }
      }
      const first = blocks.find((block) => block.spans.length > 0);
      const wanted = first ? themeOf(first.element) : "light";
      const known = [...ranges.keys()].every((label) => mine.has(label));
      for (const label of mine.keys()) if (!ranges.has(label)) CSS.highlights.delete(nameOf(label));
      for (const [label, list] of ranges) {
        const highlight = new Highlight(...list);
        if (label === selectedName) highlight.priority = 1;
        mine.set(label, highlight);
        CSS.highlights.set(nameOf(label), highlight);
      }
      if (!known || wanted !== theme) write(wanted, mine.keys());
      adopt([...ranges.values()].flat());
    },
  };
}

function nameOf(label: string): string {
  return `${prefix}-${label.toLowerCase()}`;
}

/** Colour and, for those who do not see it, a line of its own kind under the words. */
function rule(label: string, theme: "light" | "dark"): string {
  if (label === selectedName) return selectedRule(theme);
  const { color, mark } = spanStyle(label);
  const line = theme === "light" ? color.light : color.dark;
  const share = theme === "light" ? 16 : 24;
  return `::highlight(${nameOf(label)}) { background-color: color-mix(in srgb, ${line} ${share}%, transparent); text-decoration: underline ${mark} ${line} 2px; text-underline-offset: 2px; }`;
}

/**
 * Colours that no label has, and a double line. Where the system forces its colours, Chromium paints all highlights in the same one:
 * then the ground is darker, because two of them lie there, and the line is thick and inside.
 */
function selectedRule(theme: "light" | "dark"): string {
  const [ground, ink] = theme === "light" ? ["#fde047", "#111827"] : ["#1d4ed8", "#f8fafc"];
  const name = `::highlight(${nameOf(selectedName)})`;
  return `${name} { background-color: ${ground}; color: ${ink}; text-decoration: underline double ${ink} 3px; }
@media (forced-colors: active) { ${name} { text-decoration: underline solid 3px; text-underline-offset: 0; } }`;
}

/** Whether the words stand on a dark ground: the first opaque background upwards decides. */
function themeOf(element: Element): "light" | "dark" {
  for (let current: Element | null = element; current; current = outerElement(current)) {
    const parts = /rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[, /]+([\d.]+%?))?\)/.exec(getComputedStyle(current).backgroundColor);
    if (!parts || (parts[4] !== undefined && Number.parseFloat(parts[4]) < 0.5)) continue;
    const [red, green, blue] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 110 ? "dark" : "light";
  }
  return matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(element).colorScheme.includes("dark") ? "dark" : "light";
}
