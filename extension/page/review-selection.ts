// What is selected in the page, as a place in a block of the ticket.
import { limits } from "../../shared/decisions.ts";
import { offsetsOf } from "./anchor.ts";

import type { Place } from "./review-state.ts";
import type { TaggedBlock } from "./ticket-view.ts";

/**
 * The selected part of a block; of several, the longest. Null when nothing of the ticket is selected, or more than a span may hold.
 * @param fields whether what is selected in a form field counts as well: it is still known after the field has lost the focus.
 */
export function selectedPlace(document: Document, blocks: readonly TaggedBlock[], fields: boolean): Place | null {
  const range = selectedRange(document, blocks);
  const places = blocks.flatMap(({ id, kind, element, extraction }) => {
    const found = kind === "text" ? range && offsetsOf(extraction, range) : fields ? selectedInField(element) : null;
    const quote = found ? extraction.text.slice(found.start, found.end) : "";
    return found && quote !== "" ? [{ block: id, start: found.start, end: found.start + quote.length, quote }] : [];
  });
  const longest = places.reduce<Place | null>((best, place) => (best && best.quote.length >= place.quote.length ? best : place), null);
  return longest && longest.quote.length <= limits.quote ? longest : null;
}

function selectedRange(document: Document, blocks: readonly TaggedBlock[]): AbstractRange | null {
  const selection = document.getSelection();
  if (!selection || selection.rangeCount === 0) return null;
  // A selection inside a shadow tree shows itself only to those who name the tree.
  const roots = blocks.flatMap(({ extraction }) => extraction.segments.map(({ node }) => node.getRootNode()));
  const shadowRoots = [...new Set(roots)].filter((root) => root instanceof ShadowRoot);
  const composed = shadowRoots.length > 0 ? selection.getComposedRanges?.({ shadowRoots })[0] : undefined;
  const range = composed ?? selection.getRangeAt(0);
  return range.collapsed ? null : range;
}

function selectedInField(element: Element): { start: number; end: number } | null {
  if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return null;
  const { value, selectionStart, selectionEnd } = element;
  if (selectionStart === null || selectionEnd === null) return null;
  const words = value.slice(selectionStart, selectionEnd);
  const start = selectionStart + (words.length - words.trimStart().length);
  return words.trim() === "" ? null : { start, end: start + words.trim().length };
}
