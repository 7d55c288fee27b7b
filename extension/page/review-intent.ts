// From a tagged ticket to what the review reads and sends: its texts, its suggestion in short, a decision as an intent.
import { v7 as uuidv7 } from "uuid";
import type { SuggestionSummary } from "../../shared/decisions.ts";
import type { ReviewBlock, ReviewedTicket, ReviewIntent, ReviewSpan } from "../../shared/review.ts";
import type { Decided } from "./review-decision.ts";
import type { Texts } from "./review-spans.ts";
import type { Reading } from "./review-state.ts";
import type { TaggedTicket } from "./ticket-view.ts";

/** Tells tickets apart. */
export const nameOf = ({ ticket }: TaggedTicket): string => `${ticket.system} ${ticket.key}`;

export function textsOf(blocks: readonly Pick<ReviewBlock, "id" | "text">[]): Texts {
  return new Map(blocks.map(({ id, text }) => [id, text]));
}

export function readingOf(tagged: TaggedTicket): Reading {
  const suggested = tagged.blocks.flatMap(({ id, spans }) =>
    spans.map(({ start, end, label, quote, source }) => ({ block: id, start, end, label, quote, source })),
  );
  const lateOrLeftOut = new Set(tagged.blocks.flatMap(({ id, role, restricted }) => (restricted || role === "comment" ? [id] : [])));
  return { suggestion: summaryOf(tagged), texts: textsOf(reviewedTicket(tagged).blocks), suggested, lateOrLeftOut };
}

export function reviewedTicket({ ticket, blocks }: TaggedTicket): ReviewedTicket {
  return { ticket, blocks: blocks.map(({ id, role, restricted, extraction }) => ({ id, role, restricted, text: extraction.text })) };
}

/** With a new id, which it keeps however often it is sent. What the person marked stands first: the store cuts long lists. */
export function intentOf(tagged: TaggedTicket, decided: Decided, dwellMs: number): ReviewIntent {
  return {
    ...reviewedTicket(tagged),
    ...decided,
    final: decided.final && { ...decided.final, spans: decided.final.spans.toSorted((a, b) => rank(a) - rank(b)) },
    id: uuidv7(),
    suggestion: summaryOf(tagged),
    clientTime: new Date().toISOString(),
    dwellMs,
  };
}

const rank = ({ source }: ReviewSpan): number => (source === "human" ? 0 : 1);

export function summaryOf({ suggestion }: TaggedTicket): SuggestionSummary {
  const { threatType, severity, confidence, abstained, probabilities, severityProbabilities, modelVersion, backend, tookMs } = suggestion;
  return { threatType, severity, confidence, abstained, probabilities, severityProbabilities, modelVersion, backend, tookMs };
}
