// The write-back of the ticket on this page: offers it, shows the change, writes on confirmation only, takes it back; state out.
import type { TicketRef } from "../../shared/contract.ts";
import type { PageReport, ReviewState } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import {
  nothingWritten,
  type Plan,
  type WriteBackAction,
  WriteBackMemory,
  type WriteBackState,
  type Written,
} from "../../shared/write-back.ts";
import type { Answer } from "./ask-rest.ts";
import { isRevertible, type Present, planRevert, planWrite, writtenAfter } from "./plan.ts";
import { carryOut, type TicketApi } from "./ticket-api.ts";

interface Options {
  /** The ticket's REST record as this page knows it now. */
  find(ticket: TicketRef, field: string): TicketApi | "copy" | null;
  /** The background's answers; `unknown`, because it may be another version's. */
  ask: { recall(ticket: TicketRef): Promise<unknown>; keep(ticket: TicketRef, written: Written): Promise<unknown> };
  /** The note in the person's language. */
  noteOf(tag: string): string;
  now(): number;
  /** Something else is to be shown. */
  changed(): void;
  signal: AbortSignal;
}

export interface WriteBack {
  /** What to draw for a page's report; null where nothing can be written, or the feature is off. */
  follow(report: PageReport | null): WriteBackState | null;
  /** @returns whether it had a use for it. */
  act(action: WriteBackAction): boolean;
  /** True while a change is shown and waits for its confirmation. */
  asks(): boolean;
  /** The settings are others now. */
  heard(): void;
}

/** One ticket's write-back while it is on the page. */
interface Visit {
  ticket: TicketRef;
  memory: WriteBackMemory | null;
  tag: string;
  phase: WriteBackState["phase"];
  plan: Plan | null;
  copy: string | null;
  news: WriteBackState["news"];
}

const nameOf = ({ system, key }: TicketRef) => `${system} ${key}`;

/** The tag that the person's saved decision says; "" while none does. */
function decidedTag(review: ReviewState | null): string {
  if (!review?.mine || review.news.code === "saving" || review.news.code === "failed") return "";
  return tagText(review.mine.tag);
}

export function createWriteBack({ find, ask, noteOf, now, changed, signal }: Options): WriteBack {
  let visit: Visit | null = null;

  const recall = async (of: Visit) => {
    try {
      const memory = WriteBackMemory.parse(await ask.recall(of.ticket));
      if (of === visit) update(of, { memory });
    } catch {
      // Without an answer nothing is offered; the next ticket, or a change of the settings, asks again.
    }
  };
  const update = (of: Visit, change: Partial<Visit>) => {
    Object.assign(of, change);
    if (of === visit && !signal.aborted) changed();
  };
  const tell = (of: Visit, code: WriteBackState["news"]["code"], change: Partial<Visit> = {}) =>
    update(of, { phase: "offer", plan: null, ...change, news: { n: of.news.n + 1, code } });
  const apiOf = ({ ticket, memory }: Visit) => (memory?.settings.on ? find(ticket, memory.settings.field) : null);
  const writtenOf = ({ memory }: Visit) => memory?.written ?? nothingWritten;

  const remember = (of: Visit, written: Written) => {
    if (of.memory) of.memory = { ...of.memory, written };
    // When it cannot be kept, the label is somebody else's from the next visit on: never replaced, which is the safe side.
    ask.keep(of.ticket, written).catch(() => undefined);
  };
  const planned = (of: Visit, present: Present) => planWrite(present, { tag: of.tag, note: noteOf(of.tag) }, writtenOf(of));
  const showPlan = (of: Visit, present: Present, code: "none" | "changed") => {
    const plan = planned(of, present);
    if (!plan.change && plan.left.length === 0) return tell(of, "nothing");
    tell(of, code, { phase: "diff", plan });
  };

  const open = async (of: Visit) => {
    const api = apiOf(of);
    if (!api || !of.tag) return;
    if (api === "copy") return update(of, { phase: "diff", copy: noteOf(of.tag) });
    const { tag } = of;
    update(of, { phase: "reading", copy: null });
    const present = await api.read();
    if (of.phase !== "reading" || of.tag !== tag) return;
    if (!present.ok) return tell(of, present.code);
    showPlan(of, present.value, "none");
  };
  const confirm = async (of: Visit) => {
    const { plan, tag } = of;
    const api = apiOf(of);
    if (!plan?.change || !api || api === "copy") return;
    const { change } = plan;
    update(of, { phase: "writing" });
    const done = await carryOut(api, change, plan.version);
    if (done.ok) {
      remember(of, writtenAfter(writtenOf(of), change, { tag, change, at: new Date(now()).toISOString() }));
      return tell(of, "written");
    }
    if (done.code !== "changed") return tell(of, done.code);
    // Somebody was faster: what would be changed now is shown, and asked anew.
    const present = await api.read();
    // Another decision since: the next diff is asked for, as ever.
    if (!present.ok || of.tag !== tag) return tell(of, "changed");
    showPlan(of, present.value, "changed");
  };
  const revert = async (of: Visit) => {
    const api = apiOf(of);
    const written = writtenOf(of);
    if (!isRevertible(written) || !api || api === "copy") return;
    update(of, { phase: "writing", plan: null });
    const present = await api.read();
    if (!present.ok) return tell(of, present.code);
    const change = planRevert(present.value, written);
    if (!change) return tell(of, "changed");
    const done: Answer<Present> = await carryOut(api, change, present.value.version);
    if (!done.ok) return tell(of, done.code);
    remember(of, writtenAfter(written, change, null));
    tell(of, "reverted");
  };

  const shown = (of: Visit): WriteBackState | null => {
    const { memory, tag, phase, plan, copy, news } = of;
    const last = memory?.written.last ?? null;
    if (!memory || (!tag && !last) || !apiOf(of)) return null;
    return {
      phase,
      tag,
      plan,
      copy,
      last: last && { tag: last.tag, at: last.at, revertible: isRevertible(memory.written) },
      news,
    };
  };

  const mayNow = (action: WriteBackAction, of: Visit): boolean => {
    if (action === "open") return of.phase === "offer" && of.tag !== "";
    if (action === "confirm") return of.phase === "diff";
    if (action === "revert") return (of.phase === "offer" || of.phase === "diff") && isRevertible(writtenOf(of));
    return of.phase === "diff" || of.phase === "reading";
  };

  return {
    follow(report) {
      const ticket = report?.state === "tagged" ? report.ticket : null;
      if (!ticket) {
        visit = null;
        return null;
      }
      if (!visit || nameOf(visit.ticket) !== nameOf(ticket)) {
        visit = { ticket, memory: null, tag: "", phase: "offer", plan: null, copy: null, news: { n: 0, code: "none" } };
        void recall(visit);
      }
      const tag = decidedTag(report?.state === "tagged" ? report.review : null);
      // Another decision: what was shown was not about it.
      if (tag !== visit.tag && (visit.phase === "diff" || visit.phase === "reading"))
        Object.assign(visit, { phase: "offer", plan: null, copy: null });
      visit.tag = tag;
      return shown(visit);
    },
    act(action) {
      const of = visit;
      if (!of || !shown(of) || !mayNow(action, of)) return false;
      if (action === "open") void open(of);
      else if (action === "confirm" && of.plan?.change) void confirm(of);
      else if (action === "revert") void revert(of);
      else update(of, { phase: "offer", plan: null, copy: null });
      return true;
    },
    asks: () => visit?.phase === "diff",
    heard() {
      if (visit) void recall(visit);
    },
  };
}
