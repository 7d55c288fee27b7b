// Follows the ticket on one page: reads it, asks for a suggestion when its text changed, paints, and says what state the page is in.
import type { AnalyzeRequest, Block, Suggestion, TicketRef } from "../../shared/contract.ts";
import type { PageReport } from "../../shared/review.ts";
import type { Lookup } from "../sites/all-sites.ts";
import type { TicketPlace } from "../sites/site.ts";
import { createBlockReader } from "./block-reader.ts";
import type { Highlighter } from "./highlighter.ts";
import { readSteadily } from "./steady-reading.ts";
import { type PageView, sameText, shownBlocks, type TicketReview, taggedBlocks } from "./ticket-view.ts";
import { type PageWatch, watchPage } from "./watch-page.ts";

export interface AnalyzeOptions {
  /** Some of the text was too long to be read. */
  textCut: boolean;
  signal: AbortSignal;
  /** Share of the model that is loaded, 0 to 1; only while it loads. */
  onLoading(progress: number): void;
}

interface Options {
  document: Document;
  /** The page's address now; a function because routes change. */
  url(): URL;
  find(url: URL, document: Document): Lookup;
  analyze(request: AnalyzeRequest, options: AnalyzeOptions): Promise<Suggestion>;
  highlighter: Highlighter;
  /** Whether an element has a shadow root that it does not show. */
  isClosed?(element: Element): boolean;
  review: TicketReview;
  /** Whether the page took the card away for good. */
  cardRemoved?(): boolean;
  /** Draws; null takes chip and card away. */
  show(view: PageView | null): void;
  report(report: PageReport): void;
  signal: AbortSignal;
}

/** How long a page may take before it is called unreadable; below the promised two seconds. */
const unreadableAfterMs = 1700;
/** A description that is not there (yet, or while it is edited) is waited for this long, so that the tag does not flip by the title alone. */
const waitForDescriptionMs = 1500;
/** After a route change the old issue's text may still stand under the new key; a text that never changes is really the new one's. */
const waitForChangeMs = 2500;
/** Quiet time after an edit before the model is asked again. */
const editQuietMs = 350;
/** What a review changes is reported at most this often: a held arrow key must not flood the background. */
const reportQuietMs = 80;

/**
 * Starts following; ends with `signal`, which also takes every highlight and the card away.
 * @returns `look` looks at the page at once; `retry` asks again after a failure; `refresh` draws and reports anew what the review says.
 */
export function followTicket(options: Options): { look(): void; retry(): void; refresh(): void } {
  const { document, highlighter, review, signal } = options;
  const reader = createBlockReader(options.isClosed);
  let place: TicketPlace | null = null;
  let asked: Block[] | null = null;
  let waiting: { blocks: Block[]; at: number } | null = null;
  let leftover = new Map<string, string>();
  let report: PageReport = { state: "left" };
  /** When the wait for this ticket, or for a part of it that went missing, began. */
  let began = 0;
  let incomplete = false;
  let descriptionLost = false;
  let running: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reporting: ReturnType<typeof setTimeout> | undefined;

  const tell = (next: PageReport) => {
    report = next;
    sendReport();
    present();
  };
  const sendReport = () => {
    clearTimeout(reporting);
    reporting = undefined;
    options.report(report);
  };
  const present = () => {
    options.show(report.state === "left" ? null : { report, blocks: shownBlocks(place, reader.blocks()) });
  };
  const fail = (ticket: TicketRef | null, reason: string) => {
    if (report.state === "failed" && report.reason === reason) return;
    review.follow(null);
    tell({ state: "failed", ticket, reason: reason.slice(0, 300) });
  };
  /** Paints the spans that count. @returns how many stand in fields, where nothing can be painted. */
  const paint = (): number => {
    const counting = review.shown();
    const edited = counting && Map.groupBy(counting.spans, ({ block }) => block);
    const blocks = [...reader.blocks()].map(([id, block]) => ({ ...block, spans: edited ? (edited.get(id) ?? []) : block.spans }));
    highlighter.paint(blocks, counting?.spans[counting.selected ?? -1] ?? null);
    return blocks.reduce((sum, { kind, spans }) => sum + (kind === "value" ? spans.length : 0), 0);
  };
  /** What the page does not let us do. */
  const limits = () => ({ unread: reader.unread() || undefined, cardRemoved: options.cardRemoved?.() || undefined });
  const forget = () => {
    running?.abort();
    running = null;
    steady.stop();
    clearTimeout(timer);
    review.follow(null);
    highlighter.clear();
    reader.clear();
    asked = null;
    waiting = null;
  };
  const leave = () => {
    if (!place && report.state === "left") return;
    place = null;
    forget();
    tell({ state: "left" });
  };
  const lookIn = (ms: number) => {
    timer = setTimeout(() => look(null), Math.max(0, ms));
  };

  /** Never throws: it runs in timers and observers, where nobody would hear it. */
  const look = (targets: ReadonlySet<Node> | null) => {
    try {
      lookAt(targets);
    } catch (error) {
      broke(error);
    }
  };
  const steady = readSteadily({
    reader,
    pending: () => watch.pending(),
    done: (changed) => haveRead(changed),
    again: () => look(new Set()),
    failed: (error) => broke(error),
  });
  const broke = (error: unknown) => {
    fail(place?.ticket ?? null, `SecTag could not read this page: ${error instanceof Error ? error.message : String(error)}`);
  };
  const lookAt = (targets: ReadonlySet<Node> | null) => {
    clearTimeout(timer);
    const lookup = options.find(options.url(), document);
    if (!lookup.place) {
      if (lookup.broken.length === 0) return leave();
      if (place) leave();
      return fail(null, `The reader for this site broke: ${lookup.broken.join("; ")}`);
    }
    const now = performance.now();
    const next = lookup.place;
    if (!place || place.ticket.key !== next.ticket.key) {
      leftover = new Map([...reader.blocks()].map(([id, block]) => [id, block.extraction.text]));
      forget();
      began = now;
      incomplete = descriptionLost = false;
      place = next;
      tell({ state: "reading", ticket: next.ticket });
    }
    place = next;
    if (next.missing.length > 0) {
      if (!incomplete) began = asked ? now : began;
      incomplete = true;
      steady.stop();
      // A title that is being edited, or a panel that is drawn anew: what was found stays until the parts are back.
      return asked ? undefined : waitOrGiveUp(next, now);
    }
    if (incomplete) began = now;
    const wasIncomplete = incomplete;
    incomplete = false;
    steady.read(next.blocks, wasIncomplete ? null : targets);
  };

  const haveRead = (changed: boolean) => {
    const next = place;
    if (!next) return;
    const now = performance.now();
    if (mustWait(now)) return;
    const blocks = reader.asRequest(next.blocks);
    if (asked && sameText(asked, blocks)) {
      waiting = null;
      if (changed) repaint();
      return;
    }
    if (asked) repaint();
    // A page that never rests must not push the question away for ever: the same text keeps its turn.
    if (!waiting || !sameText(waiting.blocks, blocks)) waiting = { blocks, at: now + (asked ? editQuietMs : 0) };
    timer = setTimeout(() => void ask(next.ticket, blocks), Math.max(0, waiting.at - now));
  };

  /** True when the text is not yet this ticket's whole text; then another look is set for the end of the wait. */
  const mustWait = (now: number): boolean => {
    const described = (blocks: Iterable<{ role: string; text: string }>) =>
      [...blocks].some(({ role, text }) => role === "description" && text.trim() !== "");
    const texts = place ? reader.asRequest(place.blocks) : [];
    const lost = !described(texts) && (!asked || described(asked));
    if (lost && asked && !descriptionLost) began = now;
    descriptionLost = lost;
    const stale = !asked && texts.some(({ id, text }) => text.trim() !== "" && leftover.get(id) === text);
    const wait = Math.max(lost ? waitForDescriptionMs : 0, stale ? waitForChangeMs : 0) - (now - began);
    if (wait <= 0) return false;
    lookIn(wait + 10);
    return true;
  };

  const repaint = () => {
    if (report.state === "tagged" && place)
      review.follow({ ticket: report.ticket, suggestion: report.suggestion, blocks: taggedBlocks(place, reader.blocks()) });
    refresh();
  };
  const refresh = () => {
    const unpainted = paint();
    if (report.state === "tagged") {
      const before = report;
      const next = { ...before, unpainted, ...limits(), review: review.shown() };
      const same = (["unpainted", "unread", "cardRemoved", "review"] as const).every((name) => next[name] === before[name]);
      if (!same) reporting ??= setTimeout(sendReport, reportQuietMs);
      report = next;
    }
    present();
  };

  const waitOrGiveUp = (next: TicketPlace, now: number) => {
    if (now - began < unreadableAfterMs) return lookIn(unreadableAfterMs - (now - began));
    if (report.state === "unreadable") return;
    forget();
    const closed = options.isClosed && [...document.querySelectorAll("body *")].some(options.isClosed);
    const what = next.reason ?? `No ${next.missing.join(" and ")} was found where ${next.ticket.system} pages have it.`;
    const why = closed ? "Parts of it are closed to extensions" : "The page may still be loading, or its layout is new to SecTag";
    tell({ state: "unreadable", ticket: next.ticket, reason: `${what} ${why}.` });
  };

  const ask = async (ticket: TicketRef, blocks: Block[]) => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const first = asked === null;
    asked = blocks;
    waiting = null;
    try {
      const suggestion = await options.analyze(
        { ticket, blocks },
        {
          textCut: reader.cut(),
          signal: mine.signal,
          onLoading: (progress) => {
            if (running === mine && first) tell({ state: "loading", ticket, progress });
          },
        },
      );
      if (running !== mine) return;
      reader.setSpans(suggestion.blocks);
      if (place) review.follow({ ticket, suggestion, blocks: taggedBlocks(place, reader.blocks()) });
      const unpainted = paint();
      tell({ state: "tagged", ticket, suggestion, unpainted, ...limits(), review: review.shown() });
      // The text may have changed while the model worked.
      look(new Set());
    } catch (error) {
      if (running !== mine || mine.signal.aborted) return;
      fail(ticket, error instanceof Error ? error.message : String(error));
    }
  };

  // A page that is put away (or kept for "back") has no ticket to show; when it comes back it says again what it has.
  const view = document.defaultView;
  view?.addEventListener("pagehide", () => report.state !== "left" && options.report({ state: "left" }), { signal });
  view?.addEventListener("pageshow", (event) => event.persisted && report.state !== "left" && options.report(report), { signal });
  signal.addEventListener("abort", () => {
    leave();
    clearTimeout(reporting);
  });
  const watch: PageWatch = watchPage({ document, signal, onChange: ({ targets }) => look(targets) });
  look(null);
  return {
    look: () => look(null),
    retry() {
      if (report.state !== "failed") return;
      asked = null;
      look(null);
    },
    refresh,
  };
}
