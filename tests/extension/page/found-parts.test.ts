// @vitest-environment jsdom
// What was found of a ticket is told once a visit: at once when all is there, after ten seconds else, never of who left earlier.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { notingFound } from "../../../extension/page/found-parts.ts";
import type { TicketPlace } from "../../../extension/sites/site.ts";
import type { BlockRole } from "../../../shared/contract.ts";
import type { Visit } from "../../../shared/selector-health.ts";

let told: Visit[];
let place: TicketPlace | null;
let stop: AbortController;
let look: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  stop = new AbortController();
  const lookup = () => (place ? { place } : { place: null, broken: [] });
  const find = notingFound(lookup, (visit) => told.push({ ...visit }), stop.signal);
  look = () => void find(new URL("https://x.example"), document);
});
afterEach(() => vi.useRealTimers());

function shown(key: string, roles: BlockRole[], view?: string): TicketPlace {
  const blocks = roles.map((role) => ({ id: role, role, element: document.body, kind: "text", restricted: false }) as const);
  return { ticket: { system: "jira-cloud", key }, blocks: [...blocks], missing: [], ...(view ? { view } : {}) };
}

test("all parts: told at once, and once", () => {
  place = shown("A-1", ["title", "description", "comment"], "panel");
  look();
  look();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([{ view: "jira-cloud panel", title: true, description: true, comments: true }]);
});

test("parts that come and go add up; what is not there after ten seconds was not found", () => {
  place = shown("A-1", ["title"]);
  look();
  place = shown("A-1", ["description"]);
  look();
  vi.advanceTimersByTime(9_999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([{ view: "jira-cloud", title: true, description: true, comments: false }]);
});

test("who goes on to another ticket, or leaves, before that is not counted", () => {
  place = shown("A-1", []);
  look();
  vi.advanceTimersByTime(5_000);
  place = shown("A-2", ["title", "description", "comment"]);
  look();
  place = shown("A-3", []);
  look();
  place = null;
  look();
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(1);
});

test("a page that was asked for, and a script that has ended, count nothing", () => {
  place = { ...shown("A-1", []), ticket: { system: "generic", key: "x" } };
  look();
  place = shown("A-1", []);
  look();
  stop.abort();
  look();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
});
