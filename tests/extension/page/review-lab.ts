// Material for the tests of a review: a ticket's texts, a suggestion, decisions as the store would tell them.

import type { Decided } from "../../../extension/page/review-decision.ts";
import { type Effect, type ReviewEvent, step } from "../../../extension/page/review-machine.ts";
import { type Machine, newMachine, type Place, type Reading } from "../../../extension/page/review-state.ts";
import type { Severity, SpanLabel, ThreatType } from "../../../shared/contract.ts";
import type { SuggestionSummary } from "../../../shared/decisions.ts";
import { defaultKeys, type HistoryEntry, type ReviewSpan, type TicketHistory } from "../../../shared/review.ts";

export const texts = new Map([
  ["title", "Odd mail from evil.example"],
  ["description", "mimikatz ran on FS-02 and FS-03, see evil.example now"],
]);

/** A span by its words. */
export function spanOf(block: string, quote: string, label: SpanLabel = "Tool", source: ReviewSpan["source"] = "model"): ReviewSpan {
  const start = (texts.get(block) ?? "").indexOf(quote);
  if (start < 0) throw new Error(`"${quote}" is not in ${block}`);
  return { block, start, end: start + quote.length, label, quote, source };
}

export const placeOf = (block: string, quote: string): Place => spanOf(block, quote);

export const suggestion: SuggestionSummary = {
  threatType: "malware",
  severity: "high",
  confidence: 0.9,
  abstained: false,
  probabilities: null,
  severityProbabilities: null,
  modelVersion: "t",
  backend: "wasm",
  tookMs: 1,
};

export const reading: Reading = {
  suggestion,
  texts,
  lateOrLeftOut: new Set(),
  suggested: [
    spanOf("title", "evil.example", "domain", "rule"),
    spanOf("description", "mimikatz"),
    spanOf("description", "FS-02", "System"),
  ],
};

export function entry(id: string, decided: Pick<Decided, "verdict" | "final"> & Partial<HistoryEntry>): HistoryEntry {
  return { id, supersedes: null, reason: null, at: "2026-11-25T10:00:00Z", mine: true, by: null, sync: "local", judged: [], ...decided };
}

export const tag = (threatType: ThreatType | null, severity: Severity | null, spans: ReviewSpan[] = []) => ({
  threatType,
  severity,
  spans,
});

/** An armed machine that knows the history. */
export function ready(history: TicketHistory = [], from: Reading = reading): Machine {
  const fresh = newMachine(from, { armed: true, keys: defaultKeys });
  return step(fresh, { kind: "history", history, texts: from.texts }).machine;
}

/** A machine that is played with, and a store that takes what it is given. */
export interface Play {
  machine: Machine;
  effects: Effect[];
  /** Everything that was to be saved, in order. */
  saves: Decided[];
  send(event: ReviewEvent): Play;
  act(action: Extract<ReviewEvent, { kind: "act" }>["action"], selection?: Place | null): Play;
  /** The store has the decision that is under way. */
  saved(): Play;
  failed(lasting?: boolean): Play;
}

export function playOn(history: TicketHistory = [], from: Reading = reading): Play {
  let stored = history;
  const play: Play = {
    machine: ready(history, from),
    effects: [],
    saves: [],
    send(event) {
      const { machine, effect } = step(play.machine, event);
      play.machine = machine;
      if (effect) play.effects.push(effect);
      if (effect?.do === "save") play.saves.push(effect.decided);
      return play;
    },
    act: (action, selection = null) => play.send({ kind: "act", action, selection }),
    saved() {
      const decided = play.machine.pending?.decided;
      if (!decided) throw new Error("Nothing is being saved");
      stored = [...stored, entry(`d${stored.length + 1}`, decided)];
      return play.send({ kind: "saved", id: `d${stored.length}`, history: stored, texts: play.machine.reading.texts });
    },
    failed: (lasting = false) => play.send({ kind: "failed", reason: "the disk is full", lasting }),
  };
  return play;
}
