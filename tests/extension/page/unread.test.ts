// @vitest-environment jsdom
// What of a page could not be read is said: parts of a tagged ticket as long as they are there, and why a page is unreadable.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followTicket } from "../../../extension/page/ticket-session.ts";
import type { PageReport } from "../../../shared/review.ts";
import { suggestion } from "../ui/states.ts";

let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** A page on which `<x-closed>` hides its contents. */
function follow(html: string): PageReport[] {
  const reports: PageReport[] = [];
  document.body.innerHTML = html;
  followTicket({
    document,
    url: () => new URL("https://x.atlassian.net/browse/SOC-1"),
    find: () => {
      const [title, description] = ["h1", "div"].map((selector) => document.querySelector(selector));
      const block = { kind: "text", restricted: false } as const;
      const blocks = [
        ...(title ? [{ ...block, id: "title", role: "title", element: title } as const] : []),
        ...(description ? [{ ...block, id: "description", role: "description", element: description } as const] : []),
      ];
      return { place: { ticket: { system: "jira-cloud", key: "SOC-1" }, blocks, missing: title ? [] : ["title"] } };
    },
    analyze: async ({ ticket, blocks }) => ({ ...suggestion, ticket, blocks: blocks.map(({ id }) => ({ id, spans: [] })) }),
    highlighter: { paint: () => undefined, clear: () => undefined },
    isClosed: ({ localName }) => localName === "x-closed",
    review: { follow: () => undefined, shown: () => null },
    show: () => undefined,
    report: (report) => reports.push(report),
    signal: stop.signal,
  });
  return reports;
}

test("an unreadable page with a component that hides its contents says that this may be why", async () => {
  const reports = follow("<x-closed></x-closed>");
  await vi.advanceTimersByTimeAsync(1900);
  expect(reports.at(-1)).toMatchObject({ state: "unreadable", reason: expect.stringContaining("closed to extensions") });
});

test("what could not be read of a tagged ticket is reported, and no more when it is gone", async () => {
  const reports = follow("<h1>Mail</h1><div>visit evil.example now<x-closed></x-closed></div>");
  await vi.advanceTimersByTimeAsync(2000);
  expect(reports.at(-1)).toMatchObject({ state: "tagged", unread: 1 });
  document.querySelector("x-closed")?.remove();
  await vi.advanceTimersByTimeAsync(2000);
  expect(reports.at(-1)?.state).toBe("tagged");
  expect(reports.at(-1)).not.toMatchObject({ unread: 1 });
});
