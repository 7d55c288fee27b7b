// @vitest-environment jsdom
// Wiring of a page's script: what it asks anew when the browser brings a page back that it had put away.
import { expect, test, vi } from "vitest";
import { followPage } from "../../extension/follow-page.ts";

const heard = vi.hoisted(() => [] as string[]);
vi.mock("wxt/browser", () => ({ browser: { runtime: {} } }));
vi.mock("../../extension/messages.ts", () => ({ pageMessages: {}, answerMessage: () => () => undefined, analyzePortName: "" }));
vi.mock("../../extension/ask-background.ts", () => ({ askBackground: () => ({ started: () => undefined }) }));
vi.mock("../../extension/inference/port-client.ts", () => ({ createAnalyzeClient: () => ({ close: () => undefined }) }));
vi.mock("../../extension/page/highlighter.ts", () => ({ createHighlighter: () => ({}) }));
vi.mock("../../extension/page/ticket-session.ts", () => ({ followTicket: () => ({}) }));
vi.mock("../../extension/page-review.ts", () => ({ createPageReview: () => ({ heard: (what: string) => heard.push(what) }) }));
vi.mock("../../extension/page-selectors.ts", () => ({ createPageSelectors: () => ({ refresh: () => heard.push("selectors") }) }));
vi.mock("../../extension/closed-roots.ts", () => ({ isClosed: () => false }));

test("a page that comes back asks again for what nobody could tell it meanwhile, until the script ends", () => {
  const stop = new AbortController();
  followPage({ isValid: true, signal: stop.signal });
  const show = (persisted: boolean) => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted }));
  show(false);
  expect(heard).toEqual([]);
  show(true);
  expect(heard.sort()).toEqual(["history", "selectors", "settings"]);
  stop.abort();
  show(true);
  expect(heard).toHaveLength(3);
});
