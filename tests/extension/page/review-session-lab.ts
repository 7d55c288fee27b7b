// A running review on a page of jsdom, with a background that keeps what it is told, or fails as it is told.
import { afterEach, beforeEach, vi } from "vitest";
import { extractText } from "../../../extension/page/extract-text.ts";
import { createReviewSession } from "../../../extension/page/review-session.ts";
import type { TaggedTicket } from "../../../extension/page/ticket-view.ts";
import type { Decision } from "../../../shared/decisions.ts";
import {
  type DecideAnswer,
  defaultKeys,
  ReviewIntent,
  type ReviewSettings,
  ReviewState,
  type TicketHistory,
} from "../../../shared/review.ts";
import { entry, suggestion } from "./review-lab.ts";

let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
  document.body.innerHTML =
    '<h1>Odd mail</h1><div id="d">mimikatz ran on FS-02, see evil.example</div><textarea>tell the caller</textarea>';
  // jsdom draws nothing: a range has no place.
  Range.prototype.getBoundingClientRect = () => new DOMRect(0, 0, 10, 10);
  Element.prototype.scrollTo = () => undefined;
  Element.prototype.scrollBy = () => undefined;
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** The page's ticket, as the ticket session would tell of it. */
export function tagged(key = "SOC-1", suggested = suggestion): TaggedTicket {
  const blocks = ["h1", "#d", "textarea"].flatMap((selector) => {
    const element = document.querySelector(selector);
    if (!element) return [];
    const field = element instanceof HTMLTextAreaElement;
    const extraction = field ? { text: element.value, segments: [], cut: false, unread: 0 } : extractText(element);
    const start = extraction.text.indexOf("mimikatz");
    const found = { start, end: start + 8, label: "Tool", quote: "mimikatz", source: "model", score: 1 } as const;
    const kind = field ? ("value" as const) : ("text" as const);
    const role = selector === "h1" ? ("title" as const) : ("comment" as const);
    return [{ id: selector, role, element, kind, extraction, restricted: field, spans: start < 0 ? [] : [found] }];
  });
  return {
    ticket: { system: "jira-cloud", key },
    suggestion: {
      ...suggested,
      ticket: { system: "jira-cloud", key },
      contentHash: "0".repeat(64),
      blocks: [],
      truncated: false,
      modelCalls: 1,
      problem: null,
    },
    blocks,
  };
}

type Answer = DecideAnswer | "die" | "hang";

/** A session with a background that keeps what it is told, or fails as the next of `answers` says. */
export function openLab({
  settings = { armed: true, keys: defaultKeys },
  writeBack,
}: {
  settings?: ReviewSettings;
  writeBack?: Parameters<typeof createReviewSession>[0]["writeBack"];
} = {}) {
  const intents: ReviewIntent[] = [];
  const stored = new Map<string, TicketHistory>();
  const answers: Answer[] = [];
  const asked: string[] = [];
  const armed: boolean[] = [];
  let cardOpen = false;
  const historyOf = (key: string) => stored.get(key) ?? [];
  /** The background has it, whether or not it gets to say so. */
  const store = (intent: ReviewIntent): DecideAnswer => {
    const { id, verdict, final, supersedes, reason, ticket } = intent;
    const known = historyOf(ticket.key);
    if (!known.some((one) => one.id === id)) stored.set(ticket.key, [...known, entry(id, { verdict, final, supersedes, reason })]);
    return { ok: true, history: historyOf(ticket.key) };
  };
  const ask = {
    decide: vi.fn(async (intent: ReviewIntent): Promise<unknown> => {
      intents.push(ReviewIntent.parse(intent));
      const answer = answers.shift();
      if (answer === "die") throw new Error("The message port closed before a response was received.");
      if (answer === "hang") return new Promise(() => undefined);
      return answer ?? store(intent);
    }),
    history: vi.fn(async (ticket: { ticket: { key: string } }): Promise<unknown> => {
      asked.push(ticket.ticket.key);
      return historyOf(ticket.ticket.key);
    }),
    settings: vi.fn(async (): Promise<unknown> => settings),
    arm: vi.fn(async (on: boolean): Promise<unknown> => void armed.push(on)),
    preview: vi.fn(async (intent: ReviewIntent) => intent as unknown as Decision),
  };
  const changed = vi.fn();
  const session = createReviewSession({
    document,
    ask,
    card: {
      own: () => null,
      close() {
        const was = cardOpen;
        cardOpen = false;
        return was;
      },
    },
    writeBack,
    changed,
    signal: stop.signal,
    isTrusted: () => true,
  });
  return {
    session,
    ask,
    intents,
    stored,
    answers,
    asked,
    armed,
    changed,
    openCard: () => {
      cardOpen = true;
    },
    store,
    press(key: string, more: KeyboardEventInit = {}) {
      const event = new KeyboardEvent("keydown", { key, code: key, bubbles: true, cancelable: true, ...more });
      document.body.dispatchEvent(event);
      return event.defaultPrevented;
    },
    state() {
      return ReviewState.parse(session.shown());
    },
    async open(key = "SOC-1") {
      session.follow(tagged(key));
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}
