// The state of one ticket's review: what is known, chosen, edited, under way; how it follows the text, and what is shown of it. Pure.
import type { ThreatType } from "../../shared/contract.ts";
import { limits, type SuggestionSummary } from "../../shared/decisions.ts";
import {
  MAX_UNDO,
  type ReviewMenu,
  type ReviewSettings,
  type ReviewSpan,
  type ReviewState,
  type TicketHistory,
} from "../../shared/review.ts";
import { overlaps, quoteMatches } from "../../shared/span.ts";
import { acceptable, type Decided, decidedSpans, mySteps, rulingOf, type SureTag, sureTag, type Wish } from "./review-decision.ts";
import { followTexts, inPageOrder, type Texts } from "./review-spans.ts";

/** What was read of the ticket: blocks in the page's order, and the suggestion with its spans where they stand now. */
export interface Reading {
  suggestion: SuggestionSummary;
  texts: Texts;
  suggested: readonly ReviewSpan[];
  /** Blocks that decisions leave out, with what is marked in them: restricted ones. */
  leftOut: ReadonlySet<string>;
}

/** Edits of the spans that nobody saved; `version` tells them from those that are being saved. */
export interface Draft {
  spans: readonly ReviewSpan[];
  version: number;
}

export interface Machine {
  reading: Reading;
  /** The texts as they were read last, also of blocks that are not on the page just now. */
  known: Texts;
  /** Null until the background has answered. */
  settings: ReviewSettings | null;
  history: TicketHistory | null;
  menu: ReviewMenu;
  pendingType: ThreatType | null;
  selected: number | null;
  draft: Draft | null;
  edits: number;
  /** The one decision that is under way, or that failed and is kept; further wishes wait for it in `queue`. */
  pending: { wish: Wish; decided: Decided; draft: Draft | null; failed: boolean } | null;
  queue: readonly Wish[];
  news: ReviewState["news"];
}

/** A place in the text that is selected in the page. */
export type Place = Pick<ReviewSpan, "block" | "start" | "end" | "quote">;

export function newMachine(reading: Reading, settings: ReviewSettings | null): Machine {
  return {
    reading,
    known: reading.texts,
    settings,
    history: null,
    menu: "closed",
    pendingType: null,
    selected: null,
    draft: null,
    edits: 0,
    pending: null,
    queue: [],
    news: { n: 0, code: "none", detail: "" },
  };
}

/** True while something is not saved that a person wanted saved, or may still want to. */
export function unfinished({ draft, pending, queue }: Machine): boolean {
  return draft !== null || pending !== null || queue.length > 0;
}

/** The spans that count now, with edits: those whose words stand in the text. */
export function spansNow({ reading, history, draft }: Machine): ReviewSpan[] {
  const spans = draft?.spans ?? (history && judged(history, reading)) ?? reading.suggested;
  const standing = spans.filter((span) => quoteMatches(reading.texts.get(span.block) ?? "", span));
  return inPageOrder(standing, [...reading.texts.keys()]).slice(0, 2000);
}

/** True when this person has decided, or is about to: there is something that a reason could be about. */
export function isDecided({ history, pending, queue }: Machine): boolean {
  return pending !== null || queue.length > 0 || mySteps(history ?? []).length > 0;
}

/**
 * The tag that a severity alone would change: the one that counts when all that waits is saved, else the suggested one. Null when there is
 * none, when it is not known yet, and for an ordinary ticket, whose severity says nothing.
 */
export function tagToCome({ history, pending, queue, reading }: Machine): SureTag | null {
  const waiting = queue.findLast(({ do: what }) => what === "tag" || what === "reject" || what === "undo");
  if (waiting?.do === "undo") return null;
  const decided = pending ? pending.decided.final : mySteps(history ?? []).at(-1)?.final;
  const tag = sureTag(waiting ? (waiting.do === "tag" ? waiting : null) : decided) ?? acceptable(reading.suggestion);
  return tag?.threatType === "benign" ? null : tag;
}

/** The decided spans; where a decision could say nothing (see `limits` and `leftOut`), the suggested ones. Null when nobody decided. */
function judged(history: TicketHistory, { suggested, leftOut, texts }: Reading): ReviewSpan[] | null {
  const decided = decidedSpans(history);
  if (!decided) return null;
  const order = [...texts.keys()];
  const last =
    decided.length < limits.spans
      ? undefined
      : inPageOrder(
          decided.filter(({ source }) => source !== "human"),
          order,
        ).at(-1);
  const isBeyond = (span: ReviewSpan) => last !== undefined && inPageOrder([last, span], order)[0] === last;
  const isSilent = ({ block }: ReviewSpan) => leftOut.has(block) && !decided.some((span) => span.block === block);
  const added = suggested.filter((span) => isSilent(span) || isBeyond(span));
  return [...decided, ...added.filter((span) => !decided.some((other) => other.block === span.block && overlaps(other, span)))];
}

/** What is drawn; null until the background has answered. */
export function reviewState(machine: Machine): ReviewState | null {
  const { settings, history, menu, pendingType, selected, draft, news } = machine;
  if (!settings || !history) return null;
  const steps = mySteps(history);
  const mine = steps.at(-1);
  const ruling = rulingOf(history);
  const tagOf = (entry: TicketHistory[number]) => ({
    threatType: entry.final?.threatType ?? null,
    severity: entry.final?.severity ?? null,
  });
  return {
    armed: settings.armed,
    keys: settings.keys,
    menu,
    pendingType,
    mine: mine ? { verdict: mine.verdict, tag: tagOf(mine), reason: mine.reason, sync: mine.sync, at: mine.at } : null,
    ruling: ruling ? { tag: tagOf(ruling), name: ruling.by?.name ?? "", at: ruling.at } : null,
    undoable: Math.min(steps.length, MAX_UNDO),
    spans: spansNow(machine),
    selected,
    unsavedSpans: draft !== null,
    news,
  };
}

/** There are edits that no save carries. */
export function isUnsaved({ draft, pending }: Machine): boolean {
  return draft !== null && draft.version !== pending?.draft?.version;
}

export function tell(machine: Machine, code: ReviewState["news"]["code"], detail = ""): Machine {
  return { ...machine, news: { n: machine.news.n + 1, code, detail: detail.slice(0, 500) } };
}

export function closed(machine: Machine): Machine {
  return { ...machine, menu: "closed", pendingType: null, selected: null };
}

export function clamped(selected: number | null, count: number): number | null {
  return selected === null || count === 0 ? null : Math.min(selected, count - 1);
}

/** The page was read anew: spans follow their words. */
export function read(machine: Machine, reading: Reading): Machine {
  const known = new Map([...machine.known, ...reading.texts]);
  const move = (draft: Draft | null) => draft && { ...draft, spans: followTexts(draft.spans, machine.known, known) };
  const history = machine.history && moved(machine.history, machine.known, known);
  const pending = machine.pending && { ...machine.pending, draft: move(machine.pending.draft) };
  const after = { ...machine, reading, known, history, pending, draft: move(machine.draft) };
  return { ...after, selected: clamped(machine.selected, spansNow(after).length) };
}

export function moved(history: TicketHistory, before: Texts, after: Texts): TicketHistory {
  return history.map((entry) =>
    entry.final ? { ...entry, final: { ...entry.final, spans: followTexts(entry.final.spans, before, after) } } : entry,
  );
}
