// Which spans count: the edited ones, else the decided ones, else the suggested ones; and suggested ones that nobody could judge yet. Pure.
import { limits } from "../../shared/decisions.ts";
import { type HistoryEntry, type ReviewSpan, standing } from "../../shared/review.ts";
import { editBetween, overlaps, quoteMatches, type Range } from "../../shared/span.ts";
import { inPageOrder, type Texts } from "./review-spans.ts";
import type { Machine, Reading } from "./review-state.ts";

/** What a decision of this visit was about. */
export interface Judged {
  texts: Texts;
  /** Spans of it that the store does not keep: in restricted blocks, or over a limit. */
  unkept: readonly ReviewSpan[];
}

/** Spans that somebody stands for, and how to tell suggested ones that are new to them. */
interface Said {
  spans: readonly ReviewSpan[];
  isNew(span: ReviewSpan): boolean;
}

/** The spans that count now, with edits: those whose words stand in the text, in the page's order. */
export function spansNow({ reading, history, judged, draft }: Machine): ReviewSpan[] {
  // A lead's ruling that names no words judges the tag alone: it takes nobody's marks away.
  const newest = standing(history ?? []).findLast(({ mine, final }) => mine || (final?.spans.length ?? 0) > 0);
  const said = draft ? saidOf(draft.spans, draft.texts, reading) : newest?.final ? decidedIn(newest, judged.get(newest.id), reading) : null;
  const added = said && reading.suggested.filter((span) => said.isNew(span) && !isOver(span, said.spans));
  const spans = said && added ? [...said.spans, ...added] : reading.suggested;
  const found = spans.filter((span) => quoteMatches(reading.texts.get(span.block) ?? "", span));
  return inPageOrder(found, [...reading.texts.keys()]).slice(0, 2000);
}

/** Sent spans of which the store tells nothing. */
export function unkeptOf(sent: readonly ReviewSpan[], kept: readonly ReviewSpan[]): ReviewSpan[] {
  return sent.filter((span) => !isOver(span, kept));
}

function decidedIn({ final, judged: unchanged }: HistoryEntry, judged: Judged | undefined, reading: Reading): Said {
  const decided = final?.spans ?? [];
  if (judged) return saidOf([...decided, ...judged.unkept.filter((span) => !isOver(span, decided))], judged.texts, reading);
  // Decided before this visit, or by somebody else: on which other texts, is not known any more. Comments come late, and later.
  const blocks = new Set([...unchanged, ...decided.map(({ block }) => block)]);
  const order = [...reading.texts.keys()];
  const listed = decided.length < limits.spans ? [] : decided.filter(({ source }) => source !== "human");
  const last = inPageOrder(listed, order).at(-1);
  const isBehind = (span: ReviewSpan) => last !== undefined && inPageOrder([last, span], order)[0] === last;
  return { spans: decided, isNew: (span) => isBehind(span) || (reading.lateOrLeftOut.has(span.block) && !blocks.has(span.block)) };
}

/** @param texts those that the spans were judged in: what the page added since is new. */
function saidOf(spans: readonly ReviewSpan[], texts: Texts, reading: Reading): Said {
  const added = new Map([...reading.texts].map(([block, text]) => [block, addedSince(texts.get(block), text)]));
  return {
    spans,
    isNew(span) {
      const range = added.get(span.block);
      return range !== undefined && range !== null && overlaps(span, range);
    },
  };
}

function addedSince(before: string | undefined, now: string): Range | null {
  if (before === undefined) return { start: 0, end: now.length };
  const edit = editBetween(before, now);
  return edit && { start: edit.at, end: edit.at + edit.inserted };
}

function isOver(span: ReviewSpan, others: readonly ReviewSpan[]): boolean {
  return others.some((other) => other.block === span.block && overlaps(other, span));
}
