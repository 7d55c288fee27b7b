// @vitest-environment jsdom
// What was found of a ticket is told once a visit: at once when all is there, after ten seconds else, never of who left earlier.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { notingFound } from "../../../extension/page/found-parts.ts";
import type { SiteLookup } from "../../../extension/sites/all-sites.ts";
import type { TicketPlace } from "../../../extension/sites/site.ts";
import type { BlockRole } from "../../../shared/contract.ts";
import type { PageKind, Visit } from "../../../shared/selector-health.ts";

let told: Visit[];
let place: TicketPlace | null;
let stop: AbortController;
let look: () => void;
let anew: () => void;
let site: "jira-cloud" | "generic";
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  site = "jira-cloud";
  stop = new AbortController();
  const lookup = (): SiteLookup => (place ? { place, site } : { place: null, broken: [] });
  const noting = notingFound(lookup, (visit) => told.push({ ...visit }), stop.signal);
  look = () => void noting.find(new URL("https://x.example"), document);
  anew = noting.anew;
});
afterEach(() => vi.useRealTimers());

function shown(key: string, roles: BlockRole[], view?: PageKind): TicketPlace {
  const blocks = roles.map((role) => ({ id: role, role, element: document.body, kind: "text", restricted: false }) as const);
  return { ticket: { system: "jira-cloud", key }, blocks: [...blocks], missing: [], ...(view ? { view } : {}) };
}

test("all parts: told at once, and once", () => {
  place = shown("A-1", ["title", "description", "comment"], "panel");
  look();
  look();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([{ site: "jira-cloud", page: "panel", title: true, description: true, comments: true }]);
});

test("parts that come and go add up; what is not there after ten seconds was not found", () => {
  place = shown("A-1", ["title"]);
  look();
  place = shown("A-1", ["description"]);
  look();
  vi.advanceTimersByTime(9_999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([{ site: "jira-cloud", page: "page", title: true, description: true, comments: false }]);
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
  site = "generic";
  place = { ...shown("A-1", []), ticket: { system: "generic", key: "x" } };
  look();
  site = "jira-cloud";
  place = shown("A-1", []);
  look();
  stop.abort();
  look();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
});

test("other selectors begin another visit: what was found by those before does not count for them", () => {
  place = shown("A-1", ["title", "comment"]);
  look();
  anew();
  place = shown("A-1", ["title"]);
  look();
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([{ site: "jira-cloud", page: "page", title: true, description: false, comments: false }]);
});

test("a reading that takes too long finds nothing; one in time makes up for it", () => {
  place = { ...shown("A-1", ["title", "description", "comment"]), slow: true };
  look();
  vi.advanceTimersByTime(10_000);
  place = { ...shown("A-2", ["title", "description", "comment"]), slow: true };
  look();
  place = shown("A-2", ["title", "description", "comment"]);
  look();
  const all = (found: boolean) => ({ site: "jira-cloud", page: "page", title: found, description: found, comments: found });
  expect(told).toEqual([all(false), all(true)]);
});
