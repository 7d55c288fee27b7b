// What a person's wish means as a decision: its verdict, what it replaces, and the whole state after it. Pure.
import type { Severity, ThreatType } from "../../shared/contract.ts";
import type { Reason, SuggestionSummary, Verdict } from "../../shared/decisions.ts";
import { type HistoryEntry, type ReviewIntent, type ReviewSpan, standing, type TicketHistory } from "../../shared/review.ts";

/** Something to be decided, as it was meant when it was said: it may have to wait for the save before it. */
export type Wish =
  | { do: "reject" | "undo" | "spans" }
  | { do: "tag"; threatType: ThreatType; severity: Severity }
  | { do: "reason"; reason: Reason };

export type Decided = Pick<ReviewIntent, "verdict" | "supersedes" | "final" | "reason">;

interface Tag {
  threatType: ThreatType | null;
  severity: Severity | null;
}

export interface SureTag {
  threatType: ThreatType;
  severity: Severity;
}

export function sureTag(tag: Tag | null | undefined): SureTag | null {
  return tag?.threatType && tag.severity ? { threatType: tag.threatType, severity: tag.severity } : null;
}

/** What a wish is judged by. */
export interface Known {
  suggestion: SuggestionSummary;
  history: TicketHistory;
  /** The spans that count now, with edits. */
  spans: ReviewSpan[];
  /** Some of them are edits that nobody saved. */
  edited: boolean;
}

/** This person's decisions that stand, oldest first. */
export function mySteps(history: TicketHistory): HistoryEntry[] {
  return standing(history.filter(({ mine }) => mine));
}

/** A lead's newest ruling that stands. */
export function rulingOf(history: TicketHistory): HistoryEntry | undefined {
  return standing(history.filter(({ mine, by }) => !mine && (by?.role === "lead" || by?.role === "admin"))).at(-1);
}

/** The suggested tag, when there is one to agree with. */
export function acceptable(suggestion: SuggestionSummary): SureTag | null {
  return suggestion.abstained ? null : sureTag(suggestion);
}

/** @returns null when the wish cannot be met, or would change nothing that it could be about. */
export function decisionOf(wish: Wish, known: Known): Decided | null {
  const { suggestion, history, spans, edited } = known;
  const steps = mySteps(history);
  const mine = steps.at(-1);
  const supersedes = mine?.id ?? null;
  const decided = (tag: Tag, reason: Reason | null, verdict = verdictOf(tag, suggestion, mine?.verdict)): Decided => ({
    verdict,
    supersedes,
    final: { threatType: tag.threatType, severity: tag.severity, spans },
    reason,
  });
  switch (wish.do) {
    case "tag":
      return decided(wish, null);
    case "reject":
      return decided({ threatType: null, severity: null }, null, "reject");
    case "spans":
      return edited ? decided(mine?.final ?? { threatType: null, severity: null }, mine?.reason ?? null) : null;
    case "reason":
      if (!mine?.final) return null;
      return { ...decided(mine.final, wish.reason), final: { ...mine.final, spans: edited ? spans : mine.final.spans } };
    case "undo":
      return mine ? { verdict: "undo", supersedes, final: steps.at(-2)?.final ?? null, reason: null } : null;
  }
}

/** The verdict that says how a tag stands to the suggestion of now: an old "accept" may have become a correction. */
function verdictOf(tag: Tag, suggestion: SuggestionSummary, before: Verdict | undefined): Verdict {
  if (!tag.threatType) return before === "reject" ? "reject" : "add";
  const suggested = acceptable(suggestion);
  if (!suggested) return "add";
  return suggested.threatType === tag.threatType && suggested.severity === tag.severity ? "accept" : "correct";
}

/** True when the decision says again what already stands: there is nothing to save. (Spans are not compared: a store keeps less of them.) */
export function saysAgain(decided: Decided, mine: HistoryEntry | undefined): boolean {
  if (!mine || decided.verdict === "undo" || decided.verdict !== mine.verdict) return false;
  const sameTag = decided.final?.threatType === mine.final?.threatType && decided.final?.severity === mine.final?.severity;
  return sameTag && (decided.reason === null || decided.reason === mine.reason);
}
