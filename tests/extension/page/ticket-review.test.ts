// @vitest-environment jsdom
// Where the review hangs on the ticket session: it is told of every reading, its spans are painted, its state is reported without a flood.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Highlighter } from "../../../extension/page/highlighter.ts";
import { reviewState } from "../../../extension/page/review-state.ts";
import { followTicket } from "../../../extension/page/ticket-session.ts";
import type { TaggedTicket } from "../../../extension/page/ticket-view.ts";
import type { Suggestion } from "../../../shared/contract.ts";
import type { PageReport, ReviewSpan, ReviewState } from "../../../shared/review.ts";
import { ready, suggestion } from "./review-lab.ts";

let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
  document.body.innerHTML = '<h1>Mail</h1><div id="d">visit evil.example now</div>';
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

const evil: ReviewSpan = { block: "d", start: 6, end: 18, label: "domain", quote: "evil.example", source: "rule" };

async function open({ fails = () => false }: { fails?: () => boolean } = {}) {
  const told: (TaggedTicket | null)[] = [];
  const reports: PageReport[] = [];
  const paint = vi.fn<Highlighter["paint"]>();
  let shown: ReviewState | null = null;
  let key = "SOC-1";
  const session = followTicket({
    document,
    url: () => new URL("https://x.atlassian.net/browse/SOC-1"),
    find: (_url, page) => {
      const [title, text] = [page.querySelector("h1"), page.querySelector("#d")];
      const blocks = [
        ...(title ? [{ id: "t", role: "title", element: title, kind: "text", restricted: false } as const] : []),
        ...(text ? [{ id: "d", role: "description", element: text, kind: "text", restricted: true } as const] : []),
      ];
      return { place: { ticket: { system: "jira-cloud", key }, blocks, missing: title ? [] : ["title"] } };
    },
    analyze: async ({ ticket, blocks }): Promise<Suggestion> => {
      if (fails()) throw new Error("gone");
      const found = blocks.map(({ id, text }) => {
        const start = text.indexOf("evil.example");
        const span = { start, end: start + 12, label: "domain", quote: "evil.example", source: "rule", score: 1 } as const;
        return { id, spans: start < 0 ? [] : [span] };
      });
      return { ...suggestion, ticket, contentHash: "0".repeat(64), blocks: found, truncated: false, modelCalls: 1, problem: null };
    },
    highlighter: { paint, clear: () => undefined },
    review: {
      follow: (tagged) => {
        told.push(tagged);
        if (!tagged) shown = null;
      },
      shown: () => shown,
    },
    show: () => undefined,
    report: (report) => reports.push(report),
    signal: stop.signal,
  });
  await vi.advanceTimersByTimeAsync(1000);
  const state = reviewState(ready());
  if (!state) throw new Error("no state");
  return {
    told,
    reports,
    paint,
    session,
    go: (next: string) => {
      key = next;
    },
    /** The review has something else to show. */
    show(more: Partial<ReviewState>) {
      shown = { ...state, ...more };
      session.refresh();
    },
    last: () => reports.at(-1),
  };
}

test("the review is told of the tagged ticket before it is reported, of each edit with the spans moved, and of the leaving", async () => {
  const lab = await open();
  expect(lab.told.at(-1)).toMatchObject({
    ticket: { key: "SOC-1" },
    suggestion: { threatType: "malware" },
    blocks: [
      { id: "t", restricted: false },
      { id: "d", restricted: true, spans: [{ start: 6 }] },
    ],
  });
  const node = document.querySelector("#d")?.firstChild;
  if (node) node.nodeValue = "please visit evil.example now";
  await vi.advanceTimersByTimeAsync(200);
  expect(lab.told.at(-1)?.blocks[1]?.spans[0]?.start).toBe(13);
  lab.go("SOC-2");
  document.body.innerHTML = '<h1>Printer</h1><div id="d">no toner</div>';
  await vi.advanceTimersByTimeAsync(1000);
  const keys = lab.told.map((tagged) => tagged?.ticket.key ?? null);
  expect(keys.slice(keys.lastIndexOf("SOC-1"), keys.indexOf("SOC-2") + 1)).toEqual(["SOC-1", null, "SOC-2"]);
});

test("the spans that count are painted instead of the suggested ones, the selected one by name", async () => {
  const lab = await open();
  const quotes = () => lab.paint.mock.lastCall?.[0].map(({ spans }) => spans.map(({ quote }) => quote));
  expect(quotes()).toEqual([[], ["evil.example"]]);
  const mail: ReviewSpan = { block: "t", start: 0, end: 4, label: "Tool", quote: "Mail", source: "human" };
  lab.show({ spans: [mail, evil], selected: 0 });
  expect(quotes()).toEqual([["Mail"], ["evil.example"]]);
  expect(lab.paint.mock.lastCall?.[1]).toBe(mail);
  lab.show({ spans: [], selected: null });
  expect(quotes()).toEqual([[], []]);
  expect(lab.paint.mock.lastCall?.[1]).toBeNull();
});

test("many changes of the review are one report, and it has the newest state", async () => {
  const lab = await open();
  const before = lab.reports.length;
  for (let n = 1; n <= 50; n++) {
    lab.show({ news: { n, code: "saving", detail: "" } });
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(lab.reports.length).toBe(before);
  await vi.advanceTimersByTimeAsync(100);
  expect(lab.reports.length).toBe(before + 1);
  expect(lab.last()).toMatchObject({ state: "tagged", review: { news: { n: 50 } } });
  await vi.advanceTimersByTimeAsync(5000);
  expect(lab.reports.length).toBe(before + 1);
});

test("when a later question fails, the review ends with the tag", async () => {
  let broken = false;
  const lab = await open({ fails: () => broken });
  broken = true;
  document.querySelector("#d")?.append(" and more");
  await vi.advanceTimersByTimeAsync(2000);
  expect(lab.last()).toMatchObject({ state: "failed" });
  expect(lab.told.at(-1)).toBeNull();
});
