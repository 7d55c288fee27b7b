// Finds the DOM ranges of spans: a position is trusted only if the quote stands there, else the quote is searched, else it is orphaned.
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
  const whole = rangeOf(extraction, start, end);
  if (!whole) return [];
  const bare = (text: string) => text.replace(/\s+/g, "");
  if (whole.startContainer === whole.endContainer || bare(whole.toString()) === bare(extraction.text.slice(start, end))) return [whole];
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
