// Puts stored, redacted spans back into the live text: the text is redacted in the same way, and only words that stand there are placed.
import type { DecisionView } from "../../shared/decisions.ts";
import type { ReviewBlock, ReviewedTicket, ReviewSpan } from "../../shared/review.ts";
import { quoteMatches, type Range } from "../../shared/span.ts";
import { sendable } from "./prepare-decision.ts";
import { type Redaction, type RedactionPolicy, redact, toOriginal } from "./redact.ts";

type StoredSpan = NonNullable<DecisionView["final"]>["spans"][number];
export interface PlacedFinal {
  threatType: NonNullable<DecisionView["final"]>["threatType"];
  severity: NonNullable<DecisionView["final"]>["severity"];
  spans: ReviewSpan[];
}

/** For all decisions about one ticket: each block is redacted once, and only when a span may stand in it. */
export function createPlacer({ blocks }: ReviewedTicket, policy: RedactionPolicy): (view: DecisionView) => PlacedFinal | null {
  const live = sendable(blocks, policy);
  const redactions = new Map<ReviewBlock, Redaction>();
  const redacted = (block: ReviewBlock): Redaction => {
    const known = redactions.get(block) ?? redact(block.text, policy);
    redactions.set(block, known);
    return known;
  };
  /** The block of the same number among those of its role first: comments may have come before it. */
  const candidates = ({ blocks: stored }: DecisionView, index: number): ReviewBlock[] => {
    const role = stored[index]?.role;
    const number = stored.slice(0, index).filter((block) => block.role === role).length;
    const same = live.filter((block) => block.role === role);
    const home = same[number];
    return home ? [home, ...same.filter((block) => block !== home)] : same;
  };
  const place = (view: DecisionView, span: StoredSpan): ReviewSpan | null => {
    const blocksOfRole = candidates(view, span.block);
    for (const find of [inPlace, nearest]) {
      for (const block of blocksOfRole) {
        const at = find(redacted(block).text, span);
        if (!at) continue;
        const range = toOriginal(redacted(block), at);
        return { block: block.id, ...range, label: span.label, quote: block.text.slice(range.start, range.end), source: span.source };
      }
    }
    return null;
  };
  return (view) =>
    view.final && {
      threatType: view.final.threatType,
      severity: view.final.severity,
      spans: view.final.spans.flatMap((span) => place(view, span) ?? []),
    };
}

function inPlace(text: string, span: StoredSpan): Range | null {
  return quoteMatches(text, span) ? span : null;
}

/** The occurrence of the quote that is nearest to where it stood. */
function nearest(text: string, { start, quote }: StoredSpan): Range | null {
  const after = text.indexOf(quote, start);
  const before = text.lastIndexOf(quote, start);
  const at = before < 0 || (after >= 0 && after - start < start - before) ? after : before;
  return at < 0 ? null : { start: at, end: at + quote.length };
}
