// Puts stored, redacted spans back into the live text: the text is redacted in the same way, and only words that stand there are placed.
import type { DecisionView } from "../../shared/decisions.ts";
import type { ReviewBlock, ReviewedTicket, ReviewSpan } from "../../shared/review.ts";
import { quoteMatches, type Range } from "../../shared/span.ts";
import { sendable } from "./prepare-decision.ts";
import { placeholder, type Redaction, type RedactionPolicy, redact, toOriginal } from "./redact.ts";

type StoredFinal = NonNullable<DecisionView["final"]>;
type StoredSpan = StoredFinal["spans"][number];

export interface PlacedFinal {
  threatType: StoredFinal["threatType"];
  severity: StoredFinal["severity"];
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

  /**
   * The live block that a stored one is: all its spans belong together, so it is the one in which most of the quotes stand, of equal ones that
   * with most of them in place, of equal ones the nearest to the same number among those of its role. Null when none has any.
   */
  const liveBlock = (stored: DecisionView["blocks"], index: number, spans: readonly StoredSpan[]): ReviewBlock | null => {
    const role = stored[index]?.role;
    const number = stored.slice(0, index).filter((block) => block.role === role).length;
    let best: { block: ReviewBlock; standing: number; inPlace: number } | null = null;
    const candidates = live.filter((block) => block.role === role);
    for (const block of nearestFirst(candidates, number)) {
      const { text } = redacted(block);
      const inPlace = spans.filter((span) => quoteMatches(text, span)).length;
      if (inPlace === spans.length) return block;
      const standing = spans.filter(({ quote }) => text.includes(quote)).length;
      if (standing > (best?.standing ?? 0) || (best && standing === best.standing && inPlace > best.inPlace))
        best = { block, standing, inPlace };
    }
    return best?.block ?? null;
  };

  return ({ blocks: stored, final }) => {
    if (!final) return null;
    const homeOf = new Map(
      [...Map.groupBy(final.spans, ({ block }) => block)].map(([index, spans]) => [index, liveBlock(stored, index, spans)]),
    );
    const spans = final.spans.flatMap((span): ReviewSpan[] => {
      const home = homeOf.get(span.block);
      const place = home && placeIn(redacted(home).text, span);
      if (!home || !place) return [];
      const { start, end } = toOriginal(redacted(home), place);
      return [{ block: home.id, start, end, label: span.label, quote: home.text.slice(start, end), source: span.source }];
    });
    return { threatType: final.threatType, severity: final.severity, spans };
  };
}

function nearestFirst<T>(items: readonly T[], number: number): T[] {
  const keyed = items.map((item, index) => ({ item, distance: Math.abs(index - number) }));
  return keyed.sort((a, b) => a.distance - b.distance).map(({ item }) => item);
}

/** Where it stood, else the nearest occurrence of its quote; null when the words are gone. */
function placeIn(text: string, span: StoredSpan): Range | null {
  if (quoteMatches(text, span)) return { start: span.start, end: span.end };
  // One placeholder is like any other: elsewhere it may hide another address.
  if (!/[\p{L}\p{N}]/u.test(span.quote.replace(placeholder, ""))) return null;
  const after = text.indexOf(span.quote, span.start);
  const before = text.lastIndexOf(span.quote, span.start);
  const at = before < 0 || (after >= 0 && after - span.start < span.start - before) ? after : before;
  return at < 0 ? null : { start: at, end: at + span.quote.length };
}
