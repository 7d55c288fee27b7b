// Wiring of the background: keeps the model's host running, keeps tab reports and badge. Stateless: being stopped is harmless.
import { browser } from "wxt/browser";
import { defineBackground } from "wxt/utils/define-background";
import type { PageReport } from "../../shared/review.ts";
import { cacheReads } from "../api-cache.ts";
import { badgeOf } from "../badge.ts";
import { followHosts } from "../custom-hosts.ts";
import { ensureHost } from "../inference/ensure-host.ts";
import { startHost } from "../inference/start-host.ts";
import { answerMessage, backgroundMessages, sendMessage } from "../messages.ts";
import { startReleaseHost } from "../release-host.ts";
import { startReviewHost } from "../review-host.ts";
import { startSelectorHost } from "../selector-host.ts";
import { keepStatus, readChoice, readSettings } from "../store/engine-memory.ts";
import { forgetReport, keepReport, startReports } from "../store/tab-reports.ts";
import { startWriteBackHost } from "../write-back-host.ts";

export default defineBackground(() => {
  // Firefox's background is a page, and nobody's requests pass through it.
  if (!import.meta.env.FIREFOX) cacheReads();
  followHosts();
  const reviews = startReviewHost();
  startWriteBackHost();
  const releases = startReleaseHost(reviews.ownCorrections);
  startSelectorHost();
  answerMessage(backgroundMessages, "inference.ensure", browser.runtime, async () => {
    try {
      await ensureHost();
      return { ok: true, reason: "" };
    } catch (error) {
      return { ok: false, reason: error instanceof Error ? error.message : String(error) };
    }
  });

  const show = async (tabId: number, report: PageReport) => {
    const badge = badgeOf(report);
    // The tab may be gone by now; then there is no badge to set.
    await Promise.allSettled([
      browser.action.setBadgeText({ tabId, text: badge.text }),
      browser.action.setBadgeBackgroundColor({ tabId, color: badge.color }),
      browser.action.setTitle({ tabId, title: badge.title }),
    ]);
  };
  // Reports of a tab are handled one after the other, or a quick page could overtake itself.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  answerMessage(backgroundMessages, "page.report", browser.runtime, (report, sender) =>
    inTurn(async () => {
      const tabId = sender.tab?.id;
      if (tabId === undefined || sender.documentLifecycle === "prerender") return;
      if (await keepReport(tabId, sender.frameId ?? 0, report)) await show(tabId, report);
      // The queue of the side panel lacks a ticket then, nothing more.
      await reviews.noteReport(report, sender.url ?? "").catch((error: unknown) => console.warn("SecTag: a ticket was not noted", error));
    }),
  );
  answerMessage(backgroundMessages, "page.started", browser.runtime, (since, sender) =>
    inTurn(async () => {
      const tabId = sender.tab?.id;
      if (tabId === undefined || sender.frameId !== 0) return;
      if (await startReports(tabId, since)) await show(tabId, { state: "left" });
    }),
  );

  const readMemory = async () => ({ settings: await readSettings(), choice: await readChoice(), model: await releases.choose() });
  if (import.meta.env.FIREFOX) releases.link(startHost({ read: readMemory, keep: keepStatus, tell: releases.tell }));
  answerMessage(backgroundMessages, "engine.memory", browser.runtime, readMemory);
  answerMessage(backgroundMessages, "engine.status", browser.runtime, keepStatus);

  browser.tabs.onRemoved.addListener((tabId) => void forgetReport(tabId));
  browser.commands.onCommand.addListener((command, tab) => {
    if (command !== "toggle-card" || tab?.id === undefined) return;
    // A tab without our content script has no receiver: nothing to open there.
    sendMessage("card.show", "toggle", tab.id).catch(() => undefined);
  });
});
