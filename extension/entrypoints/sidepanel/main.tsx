// Wiring of the side panel: the report of the tab that is in front, the queues and the last decisions, live.
import { createRoot } from "react-dom/client";
import { browser } from "wxt/browser";
import type { PageReport } from "../../../shared/review.ts";
import { followTab } from "../../follow-tab.ts";
import { sendMessage } from "../../messages.ts";
import { openForPages, watchReviews, watchWaiting } from "../../page-store.ts";
import { readPage } from "../../read-page.ts";
import { texts } from "../../texts.ts";
import type { DecisionRow } from "../../ui/decision-list.tsx";
import { type QueueRow, SidePanel } from "../../ui/side-panel.tsx";
import { TextsContext } from "../../ui/texts.ts";
import type { WaitingTickets } from "../../ui/waiting.tsx";
import "../../ui/theme.css";

interface Shown {
  tabId: number | undefined;
  report: PageReport | null;
  recent: DecisionRow[] | null;
  queue: QueueRow[];
  waiting: WaitingTickets;
  problem: string;
}

async function start(container: HTMLElement) {
  document.documentElement.lang = texts("locale");
  const forever = new AbortController().signal;
  const root = createRoot(container);
  let shown: Shown = { tabId: undefined, report: null, recent: null, queue: [], waiting: { rows: [], more: 0 }, problem: "" };
  const draw = (change: Partial<Shown>) => {
    shown = { ...shown, ...change };
    const { tabId, ...props } = shown;
    root.render(
      <TextsContext value={texts}>
        <SidePanel
          {...props}
          onAction={(action) => {
            // The page may have been left meanwhile: its report says so, and the panel with it.
            if (tabId !== undefined) void sendMessage("review.act", action, tabId).catch(() => undefined);
          }}
          onRead={() => (tabId === undefined ? Promise.reject(new Error("no tab")) : readPage(tabId))}
          onOpen={(url) => void browser.tabs.update({ url })}
          onOptions={() => void browser.runtime.openOptionsPage()}
        />
      </TextsContext>,
    );
  };
  const onProblem = (error: unknown) => draw({ problem: error instanceof Error ? error.message : String(error) });
  followTab(forever, (tabId, report) => draw({ tabId, report }));
  try {
    const db = await openForPages();
    watchReviews(db, forever, (seen) => draw({ ...seen, problem: "" }), onProblem);
    watchWaiting(db, forever, (waiting) => draw({ waiting }));
  } catch (error) {
    onProblem(error);
  }
}

const container = document.getElementById("root");
if (container) void start(container);
