// Follows the ticket on one page: reads it, asks for a suggestion when its text changed, paints, and says what state the page is in.
import type { AnalyzeRequest, Block, PageReport, Span, Suggestion, TicketRef } from "../../shared/contract.ts";
import { MAX_BLOCKS } from "../../shared/contract.ts";
import { editBetween, shiftSpans } from "../../shared/span.ts";
import type { Lookup } from "../sites/all-sites.ts";
import type { TicketPlace } from "../sites/site.ts";
import { type Extraction, extractText, extractValue } from "./extract-text.ts";
import type { Highlighter } from "./highlighter.ts";
import { watchPage } from "./watch-page.ts";

/** One block as the card shows it. */
export interface ShownBlock extends Block {
  kind: "text" | "value";
  spans: Span[];
}

/** Everything that the card shows; null hides it. */
export interface PageView {
  report: PageReport;
  blocks: ShownBlock[];
}

interface Options {
  document: Document;
  /** The page's address now; a function because routes change. */
  url(): URL;
  find(url: URL, document: Document): Lookup;
  analyze(request: AnalyzeRequest, options: { signal: AbortSignal; onProgress(progress: number): void }): Promise<Suggestion>;
  highlighter: Highlighter;
  show(view: PageView | null): void;
  report(report: PageReport): void;
  signal: AbortSignal;
}

interface ReadBlock {
  element: Element;
  kind: "text" | "value";
  extraction: Extraction;
}

/** How long a page may take before it is called unreadable; below the promised two seconds. */
const unreadableAfterMs = 1700;
/** A ticket without a description (yet) waits this long for it, so that the tag does not come from the title alone and then flip. */
const waitForDescriptionMs = 1500;
/** Quiet time after an edit before the model is asked again. */
const editQuietMs = 350;

/** Starts following; ends with `signal`, which also takes every highlight and the card away. */
export function followTicket(options: Options): void {
  const { document, highlighter, signal } = options;
  let place: TicketPlace | null = null;
  let read = new Map<string, ReadBlock>();
  let spans = new Map<string, Span[]>();
  let asked: Block[] | null = null;
  let answer: Suggestion | null = null;
  let report: PageReport = { state: "left" };
  let began = 0;
  let running: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = (next: PageReport) => {
    report = next;
    options.report(next);
    present();
  };
  const present = () => {
    if (report.state === "left") return options.show(null);
    const blocks = (place?.blocks ?? []).flatMap((block): ShownBlock[] => {
      const got = read.get(block.id);
      return got ? [{ id: block.id, role: block.role, text: got.extraction.text, kind: got.kind, spans: spans.get(block.id) ?? [] }] : [];
    });
    options.show({ report, blocks });
  };
  const paint = () => {
    const painting = highlighter.paint([...read].map(([id, block]) => ({ ...block, spans: spans.get(id) ?? [] })));
    return painting.unpaintable + painting.orphaned;
  };
  const forget = () => {
    running?.abort();
    running = null;
    clearTimeout(timer);
    highlighter.clear();
    read = new Map();
    spans = new Map();
    asked = null;
    answer = null;
  };
  const leave = () => {
    if (!place) return;
    place = null;
    forget();
    tell({ state: "left" });
  };

  const look = (targets: ReadonlySet<Node> | null) => {
    clearTimeout(timer);
    const lookup = options.find(options.url(), document);
    if (!lookup.place) {
      leave();
      if (lookup.broken.length > 0)
        tell({ state: "failed", ticket: null, reason: `The reader for this site broke: ${lookup.broken.join("; ")}`.slice(0, 300) });
      return;
    }
    const next = lookup.place;
    if (!place || place.ticket.key !== next.ticket.key) {
      forget();
      began = performance.now();
      place = next;
      tell({ state: "reading", ticket: next.ticket });
    }
    place = next;
    if (next.missing.length > 0) return waitOrGiveUp(next);
    const changed = readBlocks(next, targets);
    const blocks = currentBlocks(next);
    const waited = performance.now() - began;
    if (!asked && !blocks.some((block) => block.role === "description" && block.text.trim() !== "") && waited < waitForDescriptionMs) {
      timer = setTimeout(() => look(new Set()), waitForDescriptionMs - waited + 10);
      return;
    }
    if (asked && sameText(asked, blocks)) {
      if (changed) {
        const unpainted = paint();
        if (report.state === "tagged" && report.unpainted !== unpainted) tell({ ...report, unpainted });
        else present();
      }
      return;
    }
    const first = asked === null;
    if (!first) {
      paint();
      present();
    }
    timer = setTimeout(() => void ask(next.ticket, blocks), first ? 0 : editQuietMs);
  };

  const waitOrGiveUp = (next: TicketPlace) => {
    const waited = performance.now() - began;
    if (waited < unreadableAfterMs) {
      timer = setTimeout(() => look(new Set()), unreadableAfterMs - waited);
      return;
    }
    if (report.state === "unreadable") return;
    forget();
    const what = next.missing.join(" and ");
    tell({
      state: "unreadable",
      ticket: next.ticket,
      reason: `No ${what} was found where ${next.ticket.system} pages have it. The page may still be loading, or its layout is new to SecTag.`,
    });
  };

  /** Reads what is new or was touched; moves the spans of changed texts along. True when anything was read anew. */
  const readBlocks = (next: TicketPlace, targets: ReadonlySet<Node> | null): boolean => {
    const fresh = new Map<string, ReadBlock>();
    let changed = read.size !== Math.min(next.blocks.length, MAX_BLOCKS);
    for (const { id, element, kind } of next.blocks.slice(0, MAX_BLOCKS)) {
      const before = read.get(id);
      if (before && before.element === element && !touched(element, targets) && kind === "text") {
        fresh.set(id, before);
        continue;
      }
      const extraction = kind === "value" ? extractValue(element) : extractText(element);
      if (kind === "value" && before?.element === element && before.extraction.text === extraction.text) {
        fresh.set(id, before);
        continue;
      }
      changed = true;
      const edit = before && editBetween(before.extraction.text, extraction.text);
      if (edit) spans.set(id, shiftSpans(spans.get(id) ?? [], edit));
      fresh.set(id, { element, kind, extraction });
    }
    for (const id of spans.keys()) if (!fresh.has(id)) spans.delete(id);
    read = fresh;
    return changed;
  };

  const currentBlocks = (next: TicketPlace): Block[] =>
    next.blocks.flatMap(({ id, role }) => {
      const got = read.get(id);
      return got ? [{ id, role, text: got.extraction.text }] : [];
    });

  const ask = async (ticket: TicketRef, blocks: Block[]) => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    asked = blocks;
    try {
      const suggestion = await options.analyze(
        { ticket, blocks },
        {
          signal: mine.signal,
          onProgress: (progress) => {
            if (running === mine && answer === null) tell({ state: "loading", ticket, progress });
          },
        },
      );
      if (running !== mine) return;
      answer = suggestion;
      spans = new Map(suggestion.blocks.map((block) => [block.id, block.spans]));
      tell({ state: "tagged", ticket, suggestion, unpainted: paint() });
      // The text may have changed while the model worked.
      look(new Set());
    } catch (error) {
      if (running !== mine || mine.signal.aborted) return;
      tell({ state: "failed", ticket, reason: (error instanceof Error ? error.message : String(error)).slice(0, 300) });
    }
  };

  // A page that is put away (or kept for "back") has no ticket to show; when it comes back it says again what it has.
  const view = document.defaultView;
  view?.addEventListener("pagehide", () => options.report({ state: "left" }), { signal });
  view?.addEventListener("pageshow", (event) => event.persisted && options.report(report), { signal });
  signal.addEventListener("abort", leave);
  watchPage({ document, signal, onChange: ({ targets }) => look(targets) });
  look(null);
}

/** True when one of the changed nodes lies in `element`, or `element` lies in one whose attributes or children changed. */
function touched(element: Element, targets: ReadonlySet<Node> | null): boolean {
  if (targets === null) return true;
  for (const target of targets)
    if (element.contains(target) || (target.nodeType === Node.ELEMENT_NODE && target.contains(element))) return true;
  return false;
}

function sameText(a: readonly Block[], b: readonly Block[]): boolean {
  return a.length === b.length && a.every((block, index) => block.id === b[index]?.id && block.text === b[index]?.text);
}
