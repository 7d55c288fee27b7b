// Pure edits of a review's spans: move an edge by word or letter, add, relabel, and follow the text when the page changes it.
import { limits } from "../../shared/decisions.ts";
import type { ReviewAction, ReviewSpan } from "../../shared/review.ts";
import { editBetween, overlaps, shiftSpans } from "../../shared/span.ts";

export type EdgeMove = Pick<Extract<ReviewAction, { do: "move-edge" }>, "edge" | "by" | "unit">;
/** Texts of blocks by their id. */
export type Texts = ReadonlyMap<string, string>;

/** Units of text on each side of an edge that are cut into words: no word that people mark is longer. */
const reach = 500;

/** The span with one edge moved; the same one where it cannot go (its other edge, a neighbour, the text's end, too long a quote). */
export function moveEdge(span: ReviewSpan, { edge, by, unit }: EdgeMove, text: string, others: readonly ReviewSpan[]): ReviewSpan {
  const at = span[edge];
  const stops = stopsAround(text, at, edge, unit).filter((stop) => (by < 0 ? stop < at : stop > at));
  const to = by < 0 ? stops.at(-1) : stops[0];
  if (to === undefined) return span;
  const moved = { ...span, [edge]: to };
  if (moved.start >= moved.end || moved.end - moved.start > limits.quote) return span;
  if (others.some((other) => other !== span && other.block === span.block && overlaps(moved, other))) return span;
  return { ...moved, quote: text.slice(moved.start, moved.end), source: "human" };
}

/** Where an edge may stand: beside words, or beside letters that are no white space. Sorted. */
function stopsAround(text: string, at: number, edge: EdgeMove["edge"], unit: EdgeMove["unit"]): number[] {
  const from = Math.max(0, at - reach);
  const piece = text.slice(from, at + reach);
  // Made where it is needed: with the first one the browser reads its tables, and most pages never need them.
  const segments = [...new Intl.Segmenter(undefined, { granularity: unit === "word" ? "word" : "grapheme" }).segment(piece)];
  return segments
    .filter(({ segment, isWordLike }) => (unit === "word" ? isWordLike : segment.trim() !== ""))
    .map(({ index, segment }) => from + index + (edge === "end" ? segment.length : 0))
    .filter((stop) => stop !== from || from === 0);
}

/** With a new span, before which those that it overlaps give way. */
export function withSpan(spans: readonly ReviewSpan[], added: ReviewSpan): ReviewSpan[] {
  return [...spans.filter((span) => span.block !== added.block || !overlaps(span, added)), added];
}

/** By their place in the page. @param order block ids as the page has them. */
export function inPageOrder(spans: readonly ReviewSpan[], order: readonly string[]): ReviewSpan[] {
  const place = new Map(order.map((id, index) => [id, index]));
  const of = ({ block }: ReviewSpan) => place.get(block) ?? order.length;
  return [...spans].sort((a, b) => of(a) - of(b) || a.start - b.start);
}

/** Spans after the page changed its texts: those that an edit touched are dropped, those behind it move, those of absent blocks stay. */
export function followTexts(spans: readonly ReviewSpan[], before: Texts, after: Texts): ReviewSpan[] {
  const groups = Map.groupBy(spans, ({ block }) => block);
  return [...groups].flatMap(([block, group]) => {
    const [old, fresh] = [before.get(block), after.get(block)];
    const edit = old === undefined || fresh === undefined ? null : editBetween(old, fresh);
    return edit ? shiftSpans(group, edit) : group;
  });
}
