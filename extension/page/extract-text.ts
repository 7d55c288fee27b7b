// Turns an element into its exact text and a map back to the text nodes: the only place that decides what "the text" is.
import { MAX_BLOCK_LENGTH } from "../../shared/contract.ts";

/** `length` units of `node` from `nodeStart` are the text from `textStart`. Segments are sorted and do not overlap. */
interface Segment {
  node: Text;
  nodeStart: number;
  textStart: number;
  length: number;
}

export interface Extraction {
  text: string;
  segments: readonly Segment[];
  /** There was more text than may be read. */
  cut: boolean;
  /** Parts that were displayed and could not be read: frames, and components that are closed to extensions. */
  unread: number;
}

interface Options {
  /** Reading stops after this many units. */
  most?: number;
  /** Selector of elements below that are no part of the text ("Show quoted text"). */
  skip?: string | undefined;
  /** Whether an element has a shadow root that it does not show. */
  isClosed?: ((element: Element) => boolean) | undefined;
}

/** Most UTF-16 code units that are read of one element (the contract's MAX_BLOCK_LENGTH). */
const mostUnits = MAX_BLOCK_LENGTH;

/** Elements that never hold the ticket's words. Editors are left out as well: what somebody is typing is nobody's business yet. */
const skipped = new Set([
  "SCRIPT",
  "STYLE",
  "NOSCRIPT",
  "TEMPLATE",
  "TEXTAREA",
  "INPUT",
  "SELECT",
  "BUTTON",
  "SVG",
  "IFRAME",
  "OBJECT",
  "EMBED",
  "VIDEO",
  "AUDIO",
  "CANVAS",
]);
/** Shown, but a document of their own. (A frame of no size shows nothing.) */
const frames = new Set(["IFRAME", "OBJECT", "EMBED"]);
const inlineDisplays = /^(inline|inline-block|inline-flex|inline-grid|contents|ruby.*)$/;

/** Text of an input or textarea: its value, which has no nodes to paint. */
export function extractValue(element: Element, most = mostUnits): Extraction {
  const value = "value" in element && typeof element.value === "string" ? element.value : (element.textContent ?? "");
  return { text: value.slice(0, most), segments: [], cut: value.length > most, unread: 0 };
}

/** Nodes of one element that are looked at; a page that adds some for ever is not followed for ever. */
const mostNodes = 200_000;
/** Nodes between two rests of a reading: less than a millisecond's work. */
const restEvery = 64;

type Separator = "" | " " | "\t" | "\n";
const ranks: readonly Separator[] = ["", " ", "\t", "\n"];

/** Children that are being read: the next one, and what stands behind the last. */
interface Level {
  next: Node | null;
  /** What stands in a slot; other children follow each other by themselves. */
  assigned: Node[] | null;
  whiteSpace: string;
  after: Separator;
}

/**
 * Visible text below `element`: white space collapsed as it is rendered (kept in `pre`), line breaks at `<br>` and between blocks,
 * tabs between table cells, soft hyphens and zero-width breaks as they are. Offsets are UTF-16 code units.
 */
export function extractText(element: Element, options: Options = {}): Extraction {
  const reading = readingText(element, options);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
  }
}

/** The same with rests in between, so that a long text need not be read at one go. When the page changes in a rest, what is read may be torn. */
export function* readingText(element: Element, { most = mostUnits, skip = "", isClosed }: Options = {}): Generator<void, Extraction> {
  const segments: Segment[] = [];
  const parts: string[] = [];
  const levels: Level[] = [];
  let length = 0;
  /** What must stand before the next word: nothing, a space, a cell border or a line break. The strongest wins. */
  let pending: Separator = "";

  const wish = (separator: Separator) => {
    if (ranks.indexOf(separator) > ranks.indexOf(pending)) pending = separator;
  };
  let full = false;
  let unread = 0;
  const emit = (text: string, node?: Text, nodeStart = 0) => {
    const part = text.slice(0, most - length);
    if (part.length < text.length) full = true;
    if (part === "") return;
    if (node) segments.push({ node, nodeStart, textStart: length, length: part.length });
    parts.push(part);
    length += part.length;
  };
  const flush = () => {
    if (length > 0 && pending) emit(pending);
    pending = "";
  };

  const readText = (node: Text, whiteSpace: string) => {
    if (whiteSpace.startsWith("pre") || whiteSpace === "break-spaces") {
      if (whiteSpace === "pre-line") return readLines(node);
      const { data } = node;
      if (data === "") return;
      flush();
      return emit(data, node, 0);
    }
    readRuns(node, node.data, 0, /[^ \t\n\r\f]+(?: [^ \t\n\r\f]+)*/g);
  };
  /** @param runs words with a single space between them, which stays as it is; anything else is a separator of our own. */
  const readRuns = (node: Text, data: string, from: number, runs: RegExp) => {
    // More than may be read is not searched either: a node may have any length.
    const near = data.slice(0, 4 * most);
    let at = 0;
    for (const match of near.matchAll(runs)) {
      if (match.index > at) wish(" ");
      at = match.index + match[0].length;
      flush();
      emit(match[0], node, from + match.index);
      if (full) return;
    }
    if (near.length < data.length) full = true;
    if (at < data.length) wish(" ");
  };
  const readLines = (node: Text) => {
    let from = 0;
    for (const line of node.data.slice(0, 4 * most).split("\n")) {
      if (from > 0) wish("\n");
      readRuns(node, line, from, /[^ \t\r\f]+(?: [^ \t\r\f]+)*/g);
      if (full) return;
      from += line.length + 1;
    }
    if (node.length > 4 * most) full = true;
  };

  const enter = (parent: Element | ShadowRoot, style: CSSStyleDeclaration, after: Separator) => {
    const whiteSpace = style.whiteSpace || style.getPropertyValue("white-space-collapse") || "normal";
    // What a page puts into a component's slot is drawn there; the slot's own children only while there is nothing.
    const assigned = parent instanceof HTMLSlotElement ? parent.assignedNodes() : [];
    const [first] = assigned;
    levels.push(
      first
        ? { next: first, assigned: assigned.slice(1), whiteSpace, after }
        : { next: parent.firstChild, assigned: null, whiteSpace, after },
    );
  };
  const readElement = (child: Element) => {
    const tag = child.tagName.toUpperCase();
    if (tag === "BR") return wish("\n");
    if (tag === "IMG") return emitAlternative(child);
    if (skip && child.matches(skip)) return;
    if (frames.has(tag) && child.getClientRects().length > 0) unread++;
    if (skipped.has(tag) || child.getAttribute("aria-hidden") === "true" || (child as HTMLElement).isContentEditable) return;
    const style = getComputedStyle(child);
    const { display, visibility } = style;
    if (display === "none" || visibility === "hidden" || visibility === "collapse") return;
    if (!child.shadowRoot && child.localName.includes("-") && isClosed?.(child)) unread++;
    const border: Separator = display === "table-cell" ? "\t" : inlineDisplays.test(display) ? "" : "\n";
    wish(border);
    enter(child.shadowRoot ?? child, style, border);
  };
  const emitAlternative = (image: Element) => {
    // Emoji are images in Jira; their alternative text is part of the sentence but has no node to paint.
    const text = image.getAttribute("alt")?.trim();
    if (!text || text.length > 20) return;
    flush();
    emit(text);
  };

  if (frames.has(element.tagName.toUpperCase()) || isClosed?.(element)) unread++;
  enter(element.shadowRoot ?? element, getComputedStyle(element), "");
  for (let seen = 1, level = levels.at(-1); level && !full; level = levels.at(-1)) {
    const node = level.next;
    if (!node) {
      wish(level.after);
      levels.pop();
      continue;
    }
    level.next = level.assigned ? (level.assigned.shift() ?? null) : node.nextSibling;
    if (node.nodeType === Node.TEXT_NODE) readText(node as Text, level.whiteSpace);
    else if (node.nodeType === Node.ELEMENT_NODE) readElement(node as Element);
    if (++seen > mostNodes) full = true;
    if (seen % restEvery === 0) yield;
  }
  return { text: parts.join(""), segments, cut: full, unread };
}
