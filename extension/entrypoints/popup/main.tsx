// Wiring of the popup: the current tab's report, live.
import { createRoot } from "react-dom/client";
import { browser } from "wxt/browser";
import { sendMessage } from "../../messages.ts";
import { readReport, watchReport } from "../../store/tab-reports.ts";
import { Popup } from "../../ui/popup.tsx";
import "../../ui/theme.css";

async function start(container: HTMLElement) {
  const root = createRoot(container);
  const tabId = await currentTab();
  const draw = (report: Awaited<ReturnType<typeof readReport>> | null) =>
    root.render(
      <Popup
        report={report}
        onOptions={() => void browser.runtime.openOptionsPage()}
        onShowCard={() => {
          if (tabId === undefined) return;
          // The page may have been left meanwhile: the popup closes all the same.
          void sendMessage("card.show", "open", tabId)
            .catch(() => undefined)
            .finally(() => window.close());
        }}
      />,
    );
  if (tabId === undefined) return draw({ state: "left" });
  draw(null);
  watchReport(tabId, new AbortController().signal, draw);
  draw(await readReport(tabId));
}

/** The active tab, or the one that `?tab=` names (the end-to-end tests open the popup as a page). */
async function currentTab(): Promise<number | undefined> {
  const named = new URLSearchParams(location.search).get("tab");
  if (named) return Number(named);
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  return tab?.id;
}

const container = document.getElementById("root");
if (container) void start(container);
