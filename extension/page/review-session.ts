// Runs the review of the ticket on this page: keys and actions in, decisions saved until the background has them for good, state out.
import type { Decision } from "../../shared/decisions.ts";
import {
  DecideAnswer,
  type ReviewAction,
  type ReviewedTicket,
  type ReviewIntent,
  ReviewSettings,
  type ReviewState,
  TicketHistory,
} from "../../shared/review.ts";
import type { WriteBackAction } from "../../shared/write-back.ts";
import { spansNow } from "./review-counting.ts";
import { acceptable, decisionOf, mySteps } from "./review-decision.ts";
import { createDwell, type Dwell } from "./review-dwell.ts";
import { takeFocus } from "./review-focus.ts";
import type { OwnCard } from "./review-guard.ts";
import { intentOf, nameOf, readingOf, reviewedTicket, summaryOf, textsOf } from "./review-intent.ts";
import { meaningOf, type Press, writeBackMeaning } from "./review-keys.ts";
import { listenForKeys } from "./review-listener.ts";
import { type Effect, type ReviewEvent, step } from "./review-machine.ts";
import { createSight } from "./review-place.ts";
import { insist } from "./review-save.ts";
import { selectedPlace } from "./review-selection.ts";
import { closed, type Machine, newMachine, reviewState, unfinished } from "./review-state.ts";
import type { TaggedTicket, TicketReview } from "./ticket-view.ts";

interface Options {
  document: Document;
  /** The background's answers; `unknown`, because it may be another version's, or none. */
  ask: {
    decide(intent: ReviewIntent): Promise<unknown>;
    history(ticket: ReviewedTicket): Promise<unknown>;
    settings(): Promise<unknown>;
    arm(armed: boolean): Promise<unknown>;
    preview(intent: ReviewIntent): Promise<Decision>;
  };
  card: { own(): OwnCard | null; close(): boolean };
  /** Writes decisions to the ticket, where that is on. `act` says whether it had a use for it. */
  writeBack?: { asks(): boolean; act(action: WriteBackAction): boolean } | undefined;
  /** Something else is to be shown. */
  changed(): void;
  signal: AbortSignal;
  /** See `listenForKeys`. */
  isTrusted?: ((event: Event) => boolean) | undefined;
}

export interface ReviewSession extends TicketReview {
  /** From card, popup or side panel; does nothing where there is no tagged ticket. */
  act(action: ReviewAction): void;
  /** The background has something new. */
  heard(what: "history" | "settings"): void;
  /** The decision as it would leave now. */
  preview(): Promise<Decision>;
}

/** One ticket's review; it outlives the ticket's time on the page while something of it is not saved. */
interface Review {
  tagged: TaggedTicket;
  machine: Machine;
  /** What `machine.pending` is sent as, always with the same id. */
  intent: ReviewIntent | null;
  dwell: Dwell;
  /** Counts questions for the history: only the answer to the newest one is the truth. */
  asked: number;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function createReviewSession({ document, ask, card, writeBack, changed, signal, isTrusted }: Options): ReviewSession {
  /** Reviews of tickets that were left with something unsaved, by the ticket's name. */
  const left = new Map<string, Review>();
  const sight = createSight();
  let settings: ReviewSettings | null = null;
  /** Questions for the settings so far, and those without an answer yet; as with the history, the newest counts. */
  let settingsAsked = 0;
  let asking = 0;
  let current: Review | null = null;
  let shown: { of: Machine; state: ReviewState | null } | null = null;

  const run = (review: Review, event: ReviewEvent) => {
    const before = review.machine;
    const { machine, effect } = step(before, event);
    review.machine = machine;
    if (effect) perform(review, effect);
    if (review !== current) {
      if (!unfinished(review.machine)) left.delete(nameOf(review.tagged));
    } else if (review.machine !== before) {
      look(before, review);
      changed();
    }
  };
  const perform = (review: Review, effect: Effect) => {
    if (effect.do === "arm") return arm(effect.armed);
    if (effect.do === "save") review.intent = intentOf(review.tagged, effect.decided, review.dwell.ms());
    if (review.intent) void save(review, review.intent);
  };
  const arm = (armed: boolean) => {
    if (settings) settings = { ...settings, armed };
    if (armed) focusFrame();
    // When it cannot be kept for the other tabs, it still holds in this one.
    void insist(() => ask.arm(armed), Boolean).catch(() => undefined);
  };
  const look = (before: Machine, { machine, tagged }: Review) => {
    if (machine.menu !== "spans") return sight.leave();
    if (machine.menu === before.menu && machine.selected === before.selected && machine.draft === before.draft) return;
    sight.show(tagged.blocks, spansNow(machine)[machine.selected ?? -1]);
  };

  const save = async (review: Review, intent: ReviewIntent) => {
    try {
      const answer = await insist(
        () => ask.decide(intent),
        (answered) => DecideAnswer.parse(answered),
      );
      if (!answer.ok) return failed(review, answer.message, answer.code === "invalid");
      review.asked++;
      run(review, { kind: "saved", id: intent.id, history: answer.history, texts: textsOf(intent.blocks) });
      // The store takes decisions again: those of tickets that were left are tried once more.
      for (const other of left.values()) if (other !== review) run(other, { kind: "retry" });
    } catch (error) {
      failed(review, wordsOf(error), false);
    }
  };
  const failed = (review: Review, reason: string, lasting: boolean) => {
    run(review, { kind: "failed", reason, lasting });
    if (review !== current && current) run(current, { kind: "news", code: "failed", detail: `${review.tagged.ticket.key}: ${reason}` });
  };

  const askHistory = async (review: Review) => {
    const number = ++review.asked;
    const ticket = reviewedTicket(review.tagged);
    const isNewest = () => number === review.asked && !signal.aborted;
    try {
      const history = await insist(
        () => ask.history(ticket),
        (answered) => TicketHistory.parse(answered),
      );
      if (isNewest()) run(review, { kind: "history", history, texts: textsOf(ticket.blocks) });
    } catch (error) {
      if (!isNewest() || review.machine.history) return;
      // Reviewing goes on without it: what is decided now counts anyway, and a store that is broken says so when it saves.
      run(review, { kind: "history", history: [], texts: new Map() });
      run(review, { kind: "news", code: "failed", detail: wordsOf(error) });
    }
  };
  const askSettings = async () => {
    const number = ++settingsAsked;
    asking++;
    try {
      const answer = await insist(ask.settings, (answered) => ReviewSettings.parse(answered));
      if (number !== settingsAsked || signal.aborted) return;
      settings = answer;
      if (current) run(current, { kind: "settings", settings });
      focusFrame();
    } catch {
      // Without an answer nothing of a review is shown; the next ticket or the next change asks again.
    } finally {
      asking--;
    }
  };
  const focusFrame = () => {
    if (settings?.armed && current && document.defaultView) takeFocus(document.defaultView);
  };

  /** @param here in this page, where the card can show what would be written to the ticket; other surfaces cannot. */
  const pressed = (press: Press, here = true): boolean => {
    const review = current;
    if (!review) return false;
    const toTicket = here && writeBack ? writeBackMeaning(review.machine, press, writeBack.asks()) : null;
    if (toTicket && writeBack?.act(toTicket)) return true;
    const meaning = meaningOf(review.machine, press, () => selectedPlace(document, review.tagged.blocks, false) !== null);
    if (!meaning) return false;
    if (meaning.do !== "leave") act(meaning);
    else if (!card.close()) act({ do: "arm", armed: false });
    return true;
  };
  const act = (action: ReviewAction) => {
    if (!current) return;
    if (action.do === "key") return void pressed(action, false);
    const { blocks } = current.tagged;
    const selection = action.do === "add-span" ? (selectedPlace(document, blocks, false) ?? selectedPlace(document, blocks, true)) : null;
    run(current, { kind: "act", action, selection });
  };

  const part = (review: Review) => {
    review.dwell.end();
    review.machine = closed(review.machine);
    if (unfinished(review.machine)) left.set(nameOf(review.tagged), review);
    sight.forget();
    current = null;
  };
  const follow = (tagged: TaggedTicket | null) => {
    if (current && (!tagged || nameOf(tagged) !== nameOf(current.tagged))) part(current);
    if (!tagged) return;
    const arrived = current === null;
    const review = current ??
      left.get(nameOf(tagged)) ?? {
        tagged,
        machine: newMachine(readingOf(tagged), settings),
        intent: null,
        dwell: createDwell(document),
        asked: 0,
      };
    const suggestedAnew = arrived || review.tagged.suggestion !== tagged.suggestion;
    current = review;
    review.tagged = tagged;
    review.machine = step(review.machine, { kind: "read", reading: readingOf(tagged) }).machine;
    if (settings) review.machine = step(review.machine, { kind: "settings", settings }).machine;
    else if (asking === 0) void askSettings();
    if (suggestedAnew) void askHistory(review);
    if (!arrived) return;
    left.delete(nameOf(tagged));
    review.dwell.begin();
    focusFrame();
  };

  listenForKeys({ document, signal, card: card.own, armed: () => settings?.armed === true && current !== null, take: pressed, isTrusted });
  return {
    follow,
    act,
    shown() {
      if (!current) return null;
      if (shown?.of !== current.machine) shown = { of: current.machine, state: reviewState(current.machine) };
      return shown.state;
    },
    heard(what) {
      if (what === "settings") void askSettings();
      else if (current) void askHistory(current);
    },
    async preview() {
      if (!current) throw new Error("There is no tagged ticket on this page.");
      const { machine, tagged, dwell } = current;
      const known = { suggestion: summaryOf(tagged), history: machine.history ?? [], spans: spansNow(machine), edited: true };
      // What already stands is what would be said again; before that, an acceptance.
      const tag = mySteps(known.history).length > 0 ? null : acceptable(known.suggestion);
      const decided = decisionOf(tag ? { do: "tag", ...tag } : { do: "spans" }, known);
      if (!decided) throw new Error("There is nothing to decide.");
      return ask.preview(intentOf(tagged, decided, dwell.ms()));
    },
  };
}
