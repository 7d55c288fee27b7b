// Wiring of the content script: follows the ticket on a page, draws the chip and the card, runs the review, reports the state.
import { browser } from "wxt/browser";
import { defineContentScript } from "wxt/utils/define-content-script";
import { createAnalyzeClient } from "../../inference/port-client.ts";
import { analyzePortName, answerMessage, sendMessage } from "../../messages.ts";
import { type CardHost, createCardHost } from "../../page/card-host.ts";
import { createHighlighter } from "../../page/highlighter.ts";
import { createReviewSession } from "../../page/review-session.ts";
import { followTicket } from "../../page/ticket-session.ts";
import { findTicket, sites } from "../../sites/all-sites.ts";
import { inWords, texts } from "../../texts.ts";
import { createCardView } from "../../ui/card-view.tsx";
import css from "../../ui/theme.css?inline";

export default defineContentScript({
  matches: sites.flatMap((site) => [...site.matches]),
  allFrames: true,
  runAt: "document_idle",
  // The page would hear it, learn the extension's id from it, and could end this script by sending it again.
  noScriptStartedPostMessage: true,
  main(context) {
    /** After an update of the extension this script is cut off: reading `isValid` notices, and ends it through its signal. */
    const send = <T>(message: () => Promise<T>) =>
      context.isValid ? message() : Promise.reject(new Error("SecTag was updated: reload the page."));
    const client = createAnalyzeClient({
      ensure: async () => {
        const answer = await send(() => sendMessage("inference.ensure", undefined));
        if (!answer.ok) throw new Error(answer.reason);
      },
      connect: () => browser.runtime.connect({ name: analyzePortName }),
    });
    let host: CardHost | null = null;
    const card = createCardView({
      createHost: () => {
        host = createCardHost(document, css);
        return host;
      },
      t: texts,
      onRetry: () => session.retry(),
      onAction: (action) => review.act(action),
      onPreview: () => review.preview(),
    });
    const review = createReviewSession({
      document,
      ask: {
        decide: async (intent) => inWords(await send(() => sendMessage("review.decide", intent))),
        history: (ticket) => send(() => sendMessage("review.history", ticket)),
        settings: () => send(() => sendMessage("review.settings", undefined)),
        arm: (armed) => send(() => sendMessage("review.arm", armed)),
        preview: (intent) => send(() => sendMessage("review.preview", intent)),
      },
      card: { own: () => host, close: card.close },
      changed: () => session.refresh(),
      signal: context.signal,
    });
    answerMessage("card.show", browser.runtime, (how) => card.show(how));
    answerMessage("review.act", browser.runtime, (action) => review.act(action));
    answerMessage("review.changed", browser.runtime, (what) => review.heard(what));
    if (window.top === window) void send(() => sendMessage("page.started", performance.timeOrigin)).catch(() => undefined);
    window.addEventListener("pagehide", (event) => event.persisted && client.close(), { signal: context.signal });

    const session = followTicket({
      document,
      url: () => new URL(location.href),
      find: findTicket,
      analyze: client.analyze,
      highlighter: createHighlighter(document),
      review,
      show: card.draw,
      // A report that does not arrive is followed by the next one; the page itself shows the same.
      report: (report) => void send(() => sendMessage("page.report", report)).catch(() => undefined),
      signal: context.signal,
    });
  },
});
