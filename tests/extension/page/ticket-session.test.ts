// @vitest-environment jsdom
// The ticket session: asks once per text, never mixes tickets, keeps spans on their words, and says when a page cannot be read.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followTicket } from "../../../extension/page/ticket-session.ts";
import type { PageView } from "../../../extension/page/ticket-view.ts";
import type { TicketPlace } from "../../../extension/sites/site.ts";
import type { AnalyzeRequest, Span, Suggestion } from "../../../shared/contract.ts";
import type { PageReport } from "../../../shared/review.ts";

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

function answerTo(request: AnalyzeRequest): Suggestion {
  const blocks = request.blocks.map(({ id, text }) => {
    const start = text.indexOf("evil.example");
    const spans: Span[] = start < 0 ? [] : [{ start, end: start + 12, label: "domain", quote: "evil.example", source: "rule", score: 1 }];
    return { id, spans };
  });
  return {
    ticket: request.ticket,
    contentHash: "0".repeat(64),
    modelVersion: "t",
    backend: "wasm",
    threatType: "phishing",
    severity: "high",
    confidence: 0.9,
    abstained: false,
    probabilities: null,
    severityProbabilities: null,
    blocks,
    truncated: false,
    modelCalls: 1,
    tookMs: 1,
    problem: null,
  };
}

interface Setting {
  key?: () => string;
  analyze?: (request: AnalyzeRequest, options: { signal: AbortSignal }) => Promise<Suggestion>;
  broken?: () => boolean;
}

function start({ key = () => "SOC-1", analyze, broken = () => false }: Setting = {}) {
  const asked: AnalyzeRequest[] = [];
  const reports: PageReport[] = [];
  const painted: string[][] = [];
  let view: PageView | null = null;
  const find = (_url: URL, page: Document): TicketPlace => {
    const title = page.querySelector("h1");
    const description = page.querySelector("#d");
    return {
      ticket: { system: "jira-cloud", key: key() },
      blocks: [
        ...(title ? [{ id: "title", role: "title", element: title, kind: "text", restricted: false } as const] : []),
        ...(description
          ? [{ id: "description", role: "description", element: description, kind: "text", restricted: false } as const]
          : []),
      ],
      missing: title ? [] : ["title"],
    };
  };
  const session = followTicket({
    document,
    url: () => new URL("https://x.atlassian.net/browse/SOC-1"),
    find: (url, page) => (broken() ? { place: null, broken: ["jira-cloud: boom"] } : { place: find(url, page) }),
    analyze: async (request, options) => {
      asked.push(request);
      return analyze ? analyze(request, options) : answerTo(request);
    },
    highlighter: {
      paint: (blocks) => {
        painted.push(blocks.flatMap(({ extraction, spans }) => spans.map((span) => extraction.text.slice(span.start, span.end))));
      },
      clear: () => painted.push([]),
    },
    review: { follow: () => undefined, shown: () => null },
    show: (next) => {
      view = next;
    },
    report: (report) => reports.push(report),
    signal: stop.signal,
  });
  return { asked, reports, painted, view: () => view, retry: session.retry };
}

test("a ticket is asked for once, painted and reported; changes elsewhere on the page ask nothing", async () => {
  const session = start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(session.asked).toHaveLength(1);
  expect(session.asked[0]?.blocks.map((block) => block.text)).toEqual(["Mail", "visit evil.example now"]);
  expect(session.painted.at(-1)).toEqual(["evil.example"]);
  expect(session.reports.map((report) => report.state)).toEqual(["reading", "tagged"]);
  document.body.append(document.createElement("aside"));
  await vi.advanceTimersByTimeAsync(2000);
  expect(session.asked).toHaveLength(1);
});

test("an edit shifts the spans at once and asks again after a quiet time", async () => {
  const session = start();
  await vi.advanceTimersByTimeAsync(1000);
  const node = document.querySelector("#d")?.firstChild;
  if (node) node.nodeValue = "please visit evil.example now";
  await vi.advanceTimersByTimeAsync(200);
  expect(session.asked).toHaveLength(1);
  expect(session.painted.at(-1)).toEqual(["evil.example"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(session.asked).toHaveLength(2);
});

test("replaced nodes with the same text are painted again without asking", async () => {
  const session = start();
  await vi.advanceTimersByTimeAsync(1000);
  const before = session.painted.length;
  const fresh = document.createElement("div");
  fresh.id = "d";
  fresh.textContent = "visit evil.example now";
  document.querySelector("#d")?.replaceWith(fresh);
  await vi.advanceTimersByTimeAsync(1000);
  expect(session.asked).toHaveLength(1);
  expect(session.painted.length).toBeGreaterThan(before);
  expect(session.painted.at(-1)).toEqual(["evil.example"]);
});

test("the answer to a ticket that was left never shows on the next one", async () => {
  let key = "SOC-1";
  const waiting: { finish(suggestion: Suggestion): void; request: AnalyzeRequest; signal: AbortSignal }[] = [];
  const session = start({
    key: () => key,
    analyze: (request, { signal }) => new Promise((finish) => waiting.push({ finish, request, signal })),
  });
  await vi.advanceTimersByTimeAsync(100);
  key = "SOC-2";
  document.body.innerHTML = '<h1>Printer</h1><div id="d">no toner</div>';
  await vi.advanceTimersByTimeAsync(1000);
  expect(waiting.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  for (const { finish, request } of waiting) finish(answerTo(request));
  await vi.advanceTimersByTimeAsync(100);
  const last = session.reports.at(-1);
  expect(last?.state === "tagged" && last.ticket.key).toBe("SOC-2");
  expect(session.reports.filter((report) => report.state === "tagged")).toHaveLength(1);
  expect(session.painted.at(-1)).toEqual([]);
});

test("a page whose title is not found is called unreadable within two seconds, and read when it comes", async () => {
  document.body.innerHTML = "";
  const session = start();
  await vi.advanceTimersByTimeAsync(1900);
  expect(session.reports.at(-1)?.state).toBe("unreadable");
  document.body.innerHTML = '<h1>Mail</h1><div id="d">visit evil.example now</div>';
  await vi.advanceTimersByTimeAsync(3000);
  expect(session.reports.at(-1)?.state).toBe("tagged");
});

test("a description that comes late is waited for, so that the tag does not flip", async () => {
  document.body.innerHTML = "<h1>Mail</h1>";
  const session = start();
  await vi.advanceTimersByTimeAsync(1200);
  expect(session.asked).toHaveLength(0);
  document.body.insertAdjacentHTML("beforeend", '<div id="d">text</div>');
  await vi.advanceTimersByTimeAsync(500);
  expect(session.asked).toHaveLength(1);
  expect(session.asked[0]?.blocks).toHaveLength(2);
});

test("a ticket without any description is tagged by its title", async () => {
  document.body.innerHTML = "<h1>Mail</h1>";
  const session = start();
  await vi.advanceTimersByTimeAsync(1700);
  expect(session.asked[0]?.blocks).toHaveLength(1);
});

test("an error of the model reaches the page in words", async () => {
  const session = start({ analyze: () => Promise.reject(new Error("The model's process stopped twice.")) });
  await vi.advanceTimersByTimeAsync(500);
  expect(session.reports.at(-1)).toEqual({
    state: "failed",
    ticket: { system: "jira-cloud", key: "SOC-1" },
    reason: "The model's process stopped twice.",
  });
});

test("stopping takes highlights and card away", async () => {
  const session = start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(session.view()).not.toBeNull();
  stop.abort();
  expect(session.view()).toBeNull();
  expect(session.painted.at(-1)).toEqual([]);
});

test("the old issue's text that still stands under the new key is not asked for as the new one", async () => {
  let key = "SOC-1";
  const session = start({ key: () => key });
  await vi.advanceTimersByTimeAsync(1000);
  key = "SOC-2";
  document.body.append(document.createElement("i"));
  await vi.advanceTimersByTimeAsync(600);
  const title = document.querySelector("h1");
  if (title) title.textContent = "Printer";
  await vi.advanceTimersByTimeAsync(600);
  expect(session.asked).toHaveLength(1);
  const description = document.querySelector("#d");
  if (description) description.textContent = "no toner";
  await vi.advanceTimersByTimeAsync(3000);
  expect(session.asked.slice(1).map(({ blocks }) => blocks.map((block) => block.text))).toEqual([["Printer", "no toner"]]);
});

test("two tickets that really have the same title: the second is asked for after the wait", async () => {
  let key = "SOC-1";
  const session = start({ key: () => key });
  await vi.advanceTimersByTimeAsync(1000);
  key = "SOC-2";
  document.body.innerHTML = '<h1>Mail</h1><div id="d">another text</div>';
  await vi.advanceTimersByTimeAsync(3500);
  expect(session.asked.map(({ ticket }) => ticket.key)).toEqual(["SOC-1", "SOC-2"]);
});

test("while the title is edited the answer stays; when it is back the changed text is asked for", async () => {
  const session = start();
  await vi.advanceTimersByTimeAsync(1000);
  document.querySelector("h1")?.remove();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(session.reports.at(-1)?.state).toBe("tagged");
  document.body.insertAdjacentHTML("afterbegin", "<h1>Odd mail</h1>");
  await vi.advanceTimersByTimeAsync(2000);
  expect(session.asked).toHaveLength(2);
  expect(session.asked[1]?.blocks[0]?.text).toBe("Odd mail");
});

test("a description that goes for a moment (an editor, a re-render) does not make the tag flip", async () => {
  const session = start();
  await vi.advanceTimersByTimeAsync(1000);
  const description = document.querySelector("#d");
  description?.remove();
  await vi.advanceTimersByTimeAsync(1000);
  if (description) document.body.append(description);
  await vi.advanceTimersByTimeAsync(3000);
  expect(session.asked).toHaveLength(1);
});

test("a page that never rests does not starve the question", async () => {
  const session = start();
  await vi.advanceTimersByTimeAsync(1000);
  const description = document.querySelector("#d");
  if (description) description.textContent = "changed text";
  const clock = document.createElement("time");
  document.body.append(clock);
  for (let tick = 0; tick < 20; tick++) {
    clock.textContent = String(tick);
    await vi.advanceTimersByTimeAsync(300);
  }
  expect(session.asked).toHaveLength(2);
});

test("a broken adapter is told once, and its chip goes when the page is left", async () => {
  let broken = false;
  const session = start({ broken: () => broken });
  await vi.advanceTimersByTimeAsync(1000);
  broken = true;
  for (let change = 0; change < 3; change++) {
    document.body.append(document.createElement("i"));
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(session.reports.slice(2).map((report) => report.state)).toEqual(["left", "failed"]);
  stop.abort();
  expect(session.view()).toBeNull();
});

test("after a failure the same ticket can be asked again", async () => {
  let fails = true;
  const session = start({ analyze: async (request) => (fails ? Promise.reject(new Error("gone")) : answerTo(request)) });
  await vi.advanceTimersByTimeAsync(500);
  expect(session.reports.at(-1)?.state).toBe("failed");
  fails = false;
  session.retry();
  await vi.advanceTimersByTimeAsync(500);
  expect(session.reports.at(-1)?.state).toBe("tagged");
});
