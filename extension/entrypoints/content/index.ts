// Wiring of the content script: follows the ticket on a page, draws the chip and the card, reports the state.
import { browser } from "wxt/browser";
import { defineContentScript } from "wxt/utils/define-content-script";
import { createAnalyzeClient } from "../../inference/port-client.ts";
import { analyzePortName, answerMessage, sendMessage } from "../../messages.ts";
import { createCardHost } from "../../page/card-host.ts";
import { createHighlighter } from "../../page/highlighter.ts";
import { followTicket } from "../../page/ticket-session.ts";
import { findTicket, sites } from "../../sites/all-sites.ts";
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
    const card = createCardView({ createHost: () => createCardHost(document, css), onRetry: () => session.retry() });
    answerMessage("card.show", browser.runtime, (how) => card.show(how));
    if (window.top === window) void send(() => sendMessage("page.started", performance.timeOrigin)).catch(() => undefined);
    window.addEventListener("pagehide", (event) => event.persisted && client.close(), { signal: context.signal });

    const session = followTicket({
      document,
      url: () => new URL(location.href),
      find: findTicket,
      analyze: client.analyze,
      highlighter: createHighlighter(document),
      show: card.draw,
      // A report that does not arrive is followed by the next one; the page itself shows the same.
      report: (report) => void send(() => sendMessage("page.report", report)).catch(() => undefined),
      signal: context.signal,
    });
  },
});
