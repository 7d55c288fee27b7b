// Wiring of a page's script: follows the ticket on the page, draws the chip and the card, runs the review, reports the state.
import { browser } from "wxt/browser";
import { askBackground } from "./ask-background.ts";
import { isClosed } from "./closed-roots.ts";
import { createAnalyzeClient } from "./inference/port-client.ts";
import { analyzePortName, answerMessage, pageMessages } from "./messages.ts";
import { createHighlighter } from "./page/highlighter.ts";
import { followTicket } from "./page/ticket-session.ts";
import { createPageReview } from "./page-review.ts";
import { createPageSelectors } from "./page-selectors.ts";
import css from "./ui/theme.css?inline";

/** @param context see `beginScript`: its signal ends all of it. */
export function followPage(context: { readonly isValid: boolean; readonly signal: AbortSignal }): void {
  // A host that was removed ends the script too, while it still can say that the page was left.
  const stopped = new AbortController();
  const signal = AbortSignal.any([context.signal, stopped.signal]);
  const background = askBackground(context);
  const client = createAnalyzeClient({
    ensure: background.ensureHost,
    connect: () => browser.runtime.connect({ name: analyzePortName }),
  });
  const own = createPageReview({
    document,
    css,
    background,
    retry: () => session.retry(),
    changed: () => session.refresh(),
    signal,
  });
  const selectors = createPageSelectors({
    document,
    ask: background.selectors,
    found: background.found,
    changed: () => session.look(),
    signal,
  });
  const read = () => window.top === window && selectors.read();
  const heard = (what: "history" | "settings" | "selectors") => (what === "selectors" ? selectors.refresh() : own.heard(what));
  const answers = [
    answerMessage(pageMessages, "card.show", browser.runtime, (how) => own.show(how)),
    answerMessage(pageMessages, "review.act", browser.runtime, (action) => own.review.act(action)),
    answerMessage(pageMessages, "review.changed", browser.runtime, heard),
    answerMessage(pageMessages, "page.read", browser.runtime, () => void read()),
    answerMessage(pageMessages, "page.stop", browser.runtime, () => stopped.abort()),
  ];
  signal.addEventListener("abort", () => {
    for (const end of answers) end();
    client.close();
  });
  if (window.top === window) background.started(performance.timeOrigin);
  window.addEventListener("pagehide", (event) => event.persisted && client.close(), { signal });
  // While the browser kept the page for "back", nobody could tell it anything.
  const comeBack = () => (["settings", "history", "selectors"] as const).forEach(heard);
  window.addEventListener("pageshow", (event) => event.persisted && comeBack(), { signal });

  const session = followTicket({
    document,
    url: () => new URL(location.href),
    find: selectors.find,
    analyze: client.analyze,
    highlighter: createHighlighter(document),
    isClosed,
    review: own.review,
    cardRemoved: own.cardRemoved,
    show: own.draw,
    report: background.report,
    signal,
  });
}
