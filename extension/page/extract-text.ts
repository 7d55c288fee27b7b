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

/**
 * Visible text below `element`: white space collapsed as it is rendered (kept in `pre`), line breaks at `<br>` and between blocks,
 * tabs between table cells, soft hyphens and zero-width breaks as they are. Offsets are UTF-16 code units.
 */
export function extractText(element: Element, { most = mostUnits, skip = "", isClosed }: Options = {}): Extraction {
  const segments: Segment[] = [];
  const parts: string[] = [];
  let length = 0;
  /** What must stand before the next word: nothing, a space, a cell border or a line break. The strongest wins. */
  let pending: "" | " " | "\t" | "\n" = "";

  const wish = (separator: " " | "\t" | "\n") => {
    const rank = ["", " ", "\t", "\n"];
    if (rank.indexOf(separator) > rank.indexOf(pending)) pending = separator;
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
    const data = node.data;
    if (whiteSpace.startsWith("pre") || whiteSpace === "break-spaces") {
      if (whiteSpace === "pre-line") return readLines(node);
      if (data === "") return;
      flush();
      return emit(data, node, 0);
    }
    readRuns(node, data, 0, /[^ \t\n\r\f]+/g);
  };
  const readRuns = (node: Text, data: string, from: number, words: RegExp) => {
    let at = 0;
    for (const match of data.matchAll(words)) {
      if (match.index > at) wish(" ");
      at = match.index + match[0].length;
      // A single space between two words of one node stays inside one segment; anything else is a separator of our own.
      const last = segments.at(-1);
      if (
        pending === " " &&
        last?.node === node &&
        last.nodeStart + last.length === from + match.index - 1 &&
        data[match.index - 1] === " "
      ) {
        pending = "";
        const text = ` ${match[0]}`.slice(0, most - length);
        if (text.length <= match[0].length) full = true;
        last.length += text.length;
        parts.push(text);
        length += text.length;
      } else {
        flush();
        emit(match[0], node, from + match.index);
      }
      if (full) return;
    }
    if (at < data.length) wish(" ");
  };
  const readLines = (node: Text) => {
    let from = 0;
    for (const line of node.data.split("\n")) {
      if (from > 0) wish("\n");
      readRuns(node, line, from, /[^ \t\r\f]+/g);
      from += line.length + 1;
    }
  };

  const walk = (parent: Element | ShadowRoot, whiteSpace: string) => {
    // What a page puts into a component's slot is drawn there; the slot's own children only while there is nothing.
    const slotted = parent instanceof HTMLSlotElement ? parent.assignedNodes() : [];
    if (slotted.length > 0) for (const node of slotted) read(node, whiteSpace);
    else for (let child = parent.firstChild; child && !full; child = child.nextSibling) read(child, whiteSpace);
  };
  const read = (node: Node, whiteSpace: string) => {
    if (full) return;
    if (node.nodeType === Node.TEXT_NODE) readText(node as Text, whiteSpace);
    else if (node.nodeType === Node.ELEMENT_NODE) walkElement(node as Element);
  };
  const walkElement = (child: Element) => {
    const tag = child.tagName.toUpperCase();
    if (tag === "BR") return wish("\n");
    if (tag === "IMG") return emitAlternative(child);
    if (skip && child.matches(skip)) return;
    if (frames.has(tag) && child.getClientRects().length > 0) unread++;
    if (skipped.has(tag) || child.getAttribute("aria-hidden") === "true" || (child as HTMLElement).isContentEditable) return;
    const style = getComputedStyle(child);
    if (style.display === "none" || style.visibility === "hidden" || style.visibility === "collapse") return;
    if (!child.shadowRoot && child.localName.includes("-") && isClosed?.(child)) unread++;
    const cell = style.display === "table-cell";
    const block = !cell && !inlineDisplays.test(style.display);
    if (block) wish("\n");
    if (cell) wish("\t");
    walk(child.shadowRoot ?? child, style.whiteSpace || style.getPropertyValue("white-space-collapse") || "normal");
    if (block) wish("\n");
    if (cell) wish("\t");
  };
  const emitAlternative = (image: Element) => {
    // Emoji are images in Jira; their alternative text is part of the sentence but has no node to paint.
    const text = image.getAttribute("alt")?.trim();
    if (!text || text.length > 20) return;
    flush();
    emit(text);
  };

  if (isClosed?.(element)) unread++;
  const style = getComputedStyle(element);
  walk(element.shadowRoot ?? element, style.whiteSpace || "normal");
  return { text: parts.join(""), segments, cut: full, unread };
}
