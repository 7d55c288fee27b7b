// Wiring of the popup: the current tab's report, live; what the person asks goes to the page.
import { createRoot } from "react-dom/client";
import { browser } from "wxt/browser";
import type { ReviewAction } from "../../../shared/review.ts";
import { currentTab } from "../../follow-tab.ts";
import { sendMessage } from "../../messages.ts";
import { readPage } from "../../read-page.ts";
import { readReport, watchReport } from "../../store/tab-reports.ts";
import { texts } from "../../texts.ts";
import { Popup } from "../../ui/popup.tsx";
import { TextsContext } from "../../ui/texts.ts";
import "../../ui/theme.css";

async function start(container: HTMLElement) {
  document.documentElement.lang = texts("locale");
  const root = createRoot(container);
  const tabId = await currentTab();
  // The page may have been left meanwhile: its report says so, and the popup with it.
  const act = (action: ReviewAction) => void (tabId !== undefined && sendMessage("review.act", action, tabId).catch(() => undefined));
  const showCard = () => {
    if (tabId === undefined) return;
    // The page may have been left meanwhile: the popup closes all the same.
    void sendMessage("card.show", "open", tabId)
      .catch(() => undefined)
      .finally(() => window.close());
  };
  const sidePanel =
    browser.sidePanel && tabId !== undefined ? () => void browser.sidePanel.open({ tabId }).then(() => window.close()) : undefined;
  const draw = (report: Awaited<ReturnType<typeof readReport>> | null) =>
    root.render(
      <TextsContext value={texts}>
        <Popup
          report={report}
          onAction={act}
          onRead={() => (tabId === undefined ? Promise.reject(new Error("no tab")) : readPage(tabId))}
          onOptions={() => void browser.runtime.openOptionsPage()}
          onShowCard={showCard}
          onSidePanel={sidePanel}
        />
      </TextsContext>,
    );
  if (tabId === undefined) return draw({ state: "left" });
  draw(null);
  watchReport(tabId, new AbortController().signal, draw);
  draw(await readReport(tabId));
}

const container = document.getElementById("root");
if (container) void start(container);
