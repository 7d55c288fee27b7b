// Wiring of the content script: follows the ticket on a page, draws the chip and the card, reports the state.
import { createRoot, type Root } from "react-dom/client";
import { browser } from "wxt/browser";
import { defineContentScript } from "wxt/utils/define-content-script";
import { createAnalyzeClient } from "../../inference/port-client.ts";
import { analyzePortName, answerMessage, sendMessage } from "../../messages.ts";
import { type CardHost, createCardHost } from "../../page/card-host.ts";
import { createHighlighter } from "../../page/highlighter.ts";
import { followTicket, type PageView } from "../../page/ticket-session.ts";
import { findTicket, sites } from "../../sites/all-sites.ts";
import { Card } from "../../ui/card.tsx";
import css from "../../ui/theme.css?inline";

export default defineContentScript({
  matches: sites.flatMap((site) => [...site.matches]),
  allFrames: true,
  runAt: "document_idle",
  main(context) {
    const client = createAnalyzeClient({
      ensure: async () => {
        const answer = await sendMessage("inference.ensure", undefined);
        if (!answer.ok) throw new Error(answer.reason);
      },
      connect: () => browser.runtime.connect({ name: analyzePortName }),
    });

    let host: CardHost | null = null;
    let ui: Root | null = null;
    let open = false;
    let view: PageView | null = null;

    const draw = () => {
      if (!view) {
        ui?.unmount();
        host?.remove();
        ui = host = null;
        return;
      }
      host ??= createCardHost(document, css);
      ui ??= createRoot(host.container);
      const toggle = () => {
        open = !open;
        draw();
      };
      ui.render(<Card report={view.report} blocks={view.blocks} open={open} onToggle={toggle} />);
    };

    // What the tab showed before belongs to another page.
    if (window.top === window) void sendMessage("page.report", { state: "left" }).catch(() => undefined);

    followTicket({
      document,
      url: () => new URL(location.href),
      find: findTicket,
      analyze: client.analyze,
      highlighter: createHighlighter(document),
      show: (next) => {
        view = next;
        draw();
      },
      // After an update of the extension the old script is cut off: its reports have nowhere to go, and `signal` ends it.
      report: (report) => void sendMessage("page.report", report).catch(() => undefined),
      signal: context.signal,
    });

    answerMessage("card.show", browser.runtime, (how) => {
      if (!view) return;
      open = how === "open" || !open;
      draw();
    });
  },
});
