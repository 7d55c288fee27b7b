// Finds the DOM ranges of spans, and the way back: a position is trusted only if the quote stands there, else it is searched, else orphaned.
import { quoteMatches } from "../../shared/span.ts";
import type { Extraction } from "./extract-text.ts";

interface Quoted {
  start: number;
  end: number;
  quote: string;
}

/** Units of context on each side by which a moved quote is told from its doubles. */
const nearby = 200;

/** The place of a quote in a text: where it was said to be, or its nearest occurrence within reach; null when it is not there. */
export function locate(text: string, span: Quoted): { start: number; end: number } | null {
  if (quoteMatches(text, span)) return { start: span.start, end: span.end };
  let best = -1;
  for (let at = text.indexOf(span.quote, Math.max(0, span.start - nearby)); at >= 0; at = text.indexOf(span.quote, at + 1)) {
    if (at > span.start + nearby) break;
    if (best < 0 || Math.abs(at - span.start) < Math.abs(best - span.start)) best = at;
  }
  return best < 0 ? null : { start: best, end: best + span.quote.length };
}

/**
 * Live ranges that together show exactly `[start, end)`: one, or one a text node when something that was not read (a hidden copy,
 * an editor) lies between them. Empty when no node holds that text.
 */
export function rangesOf(extraction: Extraction, start: number, end: number): Range[] {
  const onNodes = segmentAt(extraction, start) !== null && segmentAt(extraction, end - 1) !== null;
  const whole = rangeOf(extraction, start, end);
  if (onNodes && !whole) return [];
  const bare = (text: string) => text.replace(/\s+/g, "");
  if (whole && (whole.startContainer === whole.endContainer || bare(whole.toString()) === bare(extraction.text.slice(start, end))))
    return [whole];
  // In pieces, also when its first or last letters are a picture's: an emoji before the word.
  return extraction.segments
    .filter((segment) => segment.textStart < end && segment.textStart + segment.length > start)
    .flatMap((segment) => rangeOf(extraction, Math.max(start, segment.textStart), Math.min(end, segment.textStart + segment.length)) ?? []);
}

/** A live range over the nodes of `[start, end)`; null when no node holds that text (an input's value, an image's alternative text). */
export function rangeOf(extraction: Extraction, start: number, end: number): Range | null {
  const first = segmentAt(extraction, start);
  const last = segmentAt(extraction, end - 1);
  if (!first || !last) return null;
  const range = first.node.ownerDocument.createRange();
  try {
    range.setStart(first.node, first.nodeStart + (start - first.textStart));
    range.setEnd(last.node, last.nodeStart + (end - last.textStart));
  } catch {
    return null; // The page shortened a node since the text was read: the next reading finds the span again.
  }
  return range;
}

/**
 * What a range covers of the text that was read, without white space at its ends: parts outside the block, in nodes that were not read
 * and between shadow trees are left out. Null when nothing is left.
 */
export function offsetsOf({ text, segments }: Extraction, range: AbstractRange): { start: number; end: number } | null {
  const first = { node: range.startContainer, offset: range.startOffset };
  const last = { node: range.endContainer, offset: range.endOffset };
  let start = -1;
  let end = -1;
  for (const { node, nodeStart, textStart, length } of segments) {
    const nodeEnd = nodeStart + length;
    if (nodeEnd > node.length) return null; // The page shortened a node since the text was read.
    if (order({ node, offset: nodeEnd }, first) <= 0) continue;
    if (order({ node, offset: nodeStart }, last) >= 0) break;
    const from = node === first.node ? Math.max(nodeStart, first.offset) : nodeStart;
    const to = node === last.node ? Math.min(nodeEnd, last.offset) : nodeEnd;
    if (start < 0) start = textStart + (from - nodeStart);
    end = textStart + (to - nodeStart);
  }
  if (start < 0) return null;
  const covered = text.slice(start, end);
  const trimmed = covered.trimStart();
  if (trimmed === "") return null;
  start += covered.length - trimmed.length;
  return { start, end: start + trimmed.trimEnd().length };
}

interface Point {
  node: Node;
  offset: number;
}

/** -1, 0 or 1: whether `a` stands before, at or behind `b`. A point in a shadow tree that the other is not in stands at its host's beginning. */
function order(a: Point, b: Point): number {
  for (const ours of treesOf(a)) {
    for (const theirs of treesOf(b)) {
      if (ours.node.getRootNode() !== theirs.node.getRootNode()) continue;
      const range = document.createRange();
      range.setStart(theirs.node, theirs.offset);
      return range.comparePoint(ours.node, ours.offset);
    }
  }
  return 1;
}

/** The point as each tree around it sees it, the innermost first. */
function treesOf(point: Point): Point[] {
  const root = point.node.getRootNode();
  return root instanceof ShadowRoot ? [point, ...treesOf({ node: root.host, offset: 0 })] : [point];
}

function segmentAt({ segments }: Extraction, offset: number) {
  let low = 0;
  let high = segments.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const segment = segments[middle];
    if (!segment) return null;
    if (offset < segment.textStart) high = middle - 1;
    else if (offset >= segment.textStart + segment.length) low = middle + 1;
    else return segment;
  }
  return null;
}
