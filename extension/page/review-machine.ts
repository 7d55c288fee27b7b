// The review of one ticket as a pure state machine: (state, what happened) -> (next state, what is to be done). No DOM, no clock, no ids.
import type { Severity, SpanLabel } from "../../shared/contract.ts";
import type { ReviewAction, ReviewMenu, ReviewSettings, ReviewSpan, ReviewState, TicketHistory } from "../../shared/review.ts";
import { spansNow, unkeptOf } from "./review-counting.ts";
import { acceptable, type Decided, decisionOf, mySteps, saysAgain, type Wish } from "./review-decision.ts";
import { followTexts, moveEdge, type Texts, withSpan } from "./review-spans.ts";
import {
  clamped,
  closed,
  isDecided,
  isUnsaved,
  type Machine,
  moved,
  type Place,
  type Reading,
  read,
  tagToCome,
  tell,
} from "./review-state.ts";

export type ReviewEvent =
  | { kind: "act"; action: Exclude<ReviewAction, { do: "key" }>; selection: Place | null }
  | { kind: "read"; reading: Reading }
  | { kind: "settings"; settings: ReviewSettings }
  /** `texts` are those that the history's spans were placed in. */
  | { kind: "history"; history: TicketHistory; texts: Texts }
  | { kind: "saved"; id: string; history: TicketHistory; texts: Texts }
  /** `lasting`: the same will never be saved. */
  | { kind: "failed"; reason: string; lasting: boolean }
  | { kind: "retry" }
  | { kind: "news"; code: ReviewState["news"]["code"]; detail: string };

/** `again` sends the kept decision once more, with its id. */
export type Effect = { do: "save"; decided: Decided } | { do: "again" } | { do: "arm"; armed: boolean };

export interface Step {
  machine: Machine;
  effect: Effect | null;
}

export function step(machine: Machine, event: ReviewEvent): Step {
  switch (event.kind) {
    case "act":
      return machine.history && machine.settings ? act(machine, event.action, event.selection) : only(machine);
    case "read":
      return only(read(machine, event.reading));
    case "settings":
      return only(event.settings.armed ? { ...machine, settings: event.settings } : { ...closed(machine), settings: event.settings });
    case "history":
      return only({ ...machine, history: moved(event.history, event.texts, machine.known) });
    case "saved": {
      const { pending } = machine;
      if (!pending) return only(machine);
      const draft = machine.draft?.version === pending.draft?.version ? null : machine.draft;
      const history = moved(event.history, event.texts, machine.known);
      const sent = followTexts(pending.decided.final?.spans ?? [], event.texts, machine.known);
      const unkept = unkeptOf(sent, history.find(({ id }) => id === event.id)?.final?.spans ?? []);
      const judged = new Map([...machine.judged, [event.id, { texts: event.texts, unkept }]]);
      const saved = { ...machine, history, judged, draft, pending: null };
      return next(tell(saved, pending.wish.do === "undo" ? "undone" : "saved"));
    }
    case "failed": {
      const { pending } = machine;
      if (!pending) return only(machine);
      // What waited was meant on top of this decision: without it, it means something else.
      const after = event.lasting ? { pending: null, queue: [] } : { pending: { ...pending, failed: true } };
      return only(tell({ ...machine, ...after }, "failed", event.reason));
    }
    case "retry":
      return again(machine);
    case "news":
      return only(tell(machine, event.code, event.detail));
  }
}

const only = (machine: Machine): Step => ({ machine, effect: null });

function act(machine: Machine, action: Exclude<ReviewAction, { do: "key" }>, selection: Place | null): Step {
  switch (action.do) {
    case "arm": {
      if (!machine.settings) return only(machine);
      const settings = { ...machine.settings, armed: action.armed };
      const told = tell({ ...(action.armed ? machine : closed(machine)), settings }, action.armed ? "armed" : "disarmed");
      return { machine: told, effect: { do: "arm", armed: action.armed } };
    }
    case "menu":
      return only(opened(machine, action.menu));
    case "accept": {
      // The tag that the person saw: the suggestion may be another one when its turn comes.
      const seen = acceptable(machine.reading.suggestion);
      return seen ? wish(closed(machine), { do: "tag", ...seen }) : only(machine);
    }
    case "reject":
      return wish(closed(machine), { do: "reject" });
    case "not-security":
      return wish(closed(machine), { do: "tag", threatType: "benign", severity: "low" });
    case "type":
      // An ordinary ticket's severity says nothing: nobody is asked for it.
      if (action.threatType === "benign") return wish(closed(machine), { do: "tag", threatType: "benign", severity: "low" });
      return only({ ...closed(machine), menu: "severity-of-type", pendingType: action.threatType });
    case "severity":
      return chooseSeverity(machine, action.severity);
    case "reason":
      return wish(closed(machine), { do: "reason", reason: action.reason });
    case "undo":
      return isUnsaved(machine) ? only(discarded(closed(machine))) : wish(closed(machine), { do: "undo" });
    case "save-spans":
      return wish(closed(machine), { do: "spans" });
    case "discard-spans":
      return only(isUnsaved(machine) ? discarded(closed(machine)) : closed(machine));
    case "add-span":
      if (!selection) return only(tell(machine, "no-selection"));
      return wish(edited(machine, withSpan(spansNow(machine), human(selection, action.label))), { do: "spans" });
    default:
      return only(editedSelected(machine, action));
  }
}

function chooseSeverity(machine: Machine, severity: Severity): Step {
  const threatType = machine.pendingType ?? tagToCome(machine)?.threatType;
  return threatType ? wish(closed(machine), { do: "tag", threatType, severity }) : only(opened(machine, "type"));
}

function opened(machine: Machine, menu: ReviewMenu): Machine {
  if (menu === "reason" && !isDecided(machine)) return machine;
  const typeless = menu === "severity" && !tagToCome(machine);
  if (typeless || (menu === "severity-of-type" && !machine.pendingType)) return { ...closed(machine), menu: "type" };
  if (menu === "severity-of-type") return { ...machine, menu };
  return { ...closed(machine), menu, selected: menu === "spans" && spansNow(machine).length > 0 ? (machine.selected ?? 0) : null };
}

type SpanEdit = Extract<ReviewAction, { do: "select-span" | "move-edge" | "label-span" | "remove-span" }>;

function editedSelected(machine: Machine, action: SpanEdit): Machine {
  const spans = spansNow(machine);
  if (action.do === "select-span")
    return action.index < spans.length ? { ...closed(machine), menu: "spans", selected: action.index } : machine;
  const at = machine.selected;
  const span = at === null ? undefined : spans[at];
  if (at === null || !span) return machine;
  if (action.do === "remove-span") return edited(machine, spans.toSpliced(at, 1));
  const changed =
    action.do === "label-span" ? human(span, action.label) : moveEdge(span, action, machine.reading.texts.get(span.block) ?? "", spans);
  return changed === span ? machine : edited(machine, spans.with(at, changed));
}

function human({ block, start, end, quote }: Place, label: SpanLabel): ReviewSpan {
  return { block, start, end, quote, label, source: "human" };
}

function edited(machine: Machine, spans: readonly ReviewSpan[]): Machine {
  const edits = machine.edits + 1;
  // Spans of blocks that are not on the page just now are kept for their return.
  const shown = spansNow(machine);
  const absent = (machine.draft?.spans ?? []).filter((span) => !shown.includes(span));
  const next = { ...machine, edits, draft: { spans: [...spans, ...absent], texts: machine.reading.texts, version: edits } };
  return { ...next, selected: clamped(machine.selected, spansNow(next).length) };
}

function discarded(machine: Machine): Machine {
  return tell({ ...machine, draft: machine.pending?.draft ?? null }, "spans-discarded");
}

/** Decides now, or as soon as the decision before it is saved. The same wish again after a failure only tries again. */
function wish(machine: Machine, wanted: Wish): Step {
  const { pending, queue } = machine;
  if (!pending) return begin(machine, wanted);
  const last = queue.at(-1) ?? pending.wish;
  const same = JSON.stringify(last) === JSON.stringify(wanted);
  const waiting = { ...machine, queue: pending.failed && same ? queue : [...queue, wanted] };
  return pending.failed ? again(waiting) : only(waiting);
}

function again(machine: Machine): Step {
  if (!machine.pending?.failed) return only(machine);
  return { machine: tell({ ...machine, pending: { ...machine.pending, failed: false } }, "saving"), effect: { do: "again" } };
}

function begin(machine: Machine, wanted: Wish): Step {
  const { draft, history, reading } = machine;
  const known = { suggestion: reading.suggestion, history: history ?? [], spans: spansNow(machine), edited: draft !== null };
  const decided = decisionOf(wanted, known);
  if (!decided) return only(wanted.do === "undo" ? tell(machine, "nothing-to-undo") : machine);
  if (draft === null && saysAgain(decided, mySteps(known.history).at(-1))) return only(tell(machine, "saved"));
  // An undo takes back what was decided; edits on top of it stay as they are.
  const pending = { wish: wanted, decided, draft: wanted.do === "undo" ? null : draft, failed: false };
  return { machine: tell({ ...machine, pending }, "saving"), effect: { do: "save", decided } };
}

/** The next wish that leads to a save. */
function next(machine: Machine): Step {
  const [first, ...queue] = machine.queue;
  if (!first) return only(machine);
  const begun = begin({ ...machine, queue }, first);
  return begun.effect ? begun : next(begun.machine);
}
