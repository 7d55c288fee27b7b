// The state of one ticket's review: what is known, chosen, edited, under way; how it follows the text, and what is shown of it. Pure.
import type { ThreatType } from "../../shared/contract.ts";
import type { SuggestionSummary } from "../../shared/decisions.ts";
import {
  MAX_UNDO,
  type ReviewMenu,
  type ReviewSettings,
  type ReviewSpan,
  type ReviewState,
  type TicketHistory,
} from "../../shared/review.ts";
import { type Judged, spansNow } from "./review-counting.ts";
import { acceptable, type Decided, mySteps, rulingOf, type SureTag, sureTag, type Wish } from "./review-decision.ts";
import { followTexts, type Texts } from "./review-spans.ts";

/** What was read of the ticket: blocks in the page's order, and the suggestion with its spans where they stand now. */
export interface Reading {
  suggestion: SuggestionSummary;
  texts: Texts;
  suggested: readonly ReviewSpan[];
  /** Blocks that an older decision may have said nothing about: comments, and what is restricted. */
  lateOrLeftOut: ReadonlySet<string>;
}

/** Edits of the spans that nobody saved, made in `texts`; `version` tells them from those that are being saved. */
export interface Draft {
  spans: readonly ReviewSpan[];
  texts: Texts;
  version: number;
}

export interface Machine {
  reading: Reading;
  /** The texts as they were read last, also of blocks that are not on the page just now. */
  known: Texts;
  /** Null until the background has answered. */
  settings: ReviewSettings | null;
  history: TicketHistory | null;
  /** What the decisions of this visit were about, by their id. */
  judged: ReadonlyMap<string, Judged>;
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
    judged: new Map(),
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
  const judged = new Map(
    [...machine.judged].map(([id, { texts, unkept }]) => [id, { texts, unkept: followTexts(unkept, machine.known, known) }]),
  );
  const after = { ...machine, reading, known, history, judged, pending, draft: move(machine.draft) };
  return { ...after, selected: clamped(machine.selected, spansNow(after).length) };
}

export function moved(history: TicketHistory, before: Texts, after: Texts): TicketHistory {
  return history.map((entry) =>
    entry.final ? { ...entry, final: { ...entry.final, spans: followTexts(entry.final.spans, before, after) } } : entry,
  );
}
