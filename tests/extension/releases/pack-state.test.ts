// The state of selector packs: back by itself when less is found, back by the person, and what was given up does not come again.
import { expect, test } from "vitest";
import {
  comparePack,
  noPacks,
  notePack,
  type PackState,
  packDenial,
  packInUse,
  reconsiderPacks,
  takePack,
  usePackaged,
} from "../../../extension/releases/pack-state.ts";
import type { ViewHealth } from "../../../shared/selector-health.ts";
import { packOf, today } from "./pack-lab.ts";

const view = (visits: number, comments: number, more: Partial<ViewHealth> = {}): ViewHealth => ({
  ...{ site: "jira-cloud", page: "page", visits, title: visits, description: visits, comments },
  ...more,
});
const take = (state: PackState, counter: number, health: readonly ViewHealth[]) =>
  takePack(notePack(state, counter, "a".repeat(64)), { pack: packOf({ counter }), digest: "a".repeat(64) }, health);
const inUse = (state: PackState) => packInUse(state, null, today)?.counter ?? null;
const good = [view(40, 40)];

test("when less is found than before, the pack before it is back, and after the last the packaged selectors", () => {
  let state = take(take(noPacks, 5, good), 6, good);
  expect(inUse(comparePack(state, [view(2, 0)]))).toBe(6);
  state = comparePack(state, [view(3, 0)]);
  expect(inUse(state)).toBe(5);
  expect(packDenial(state, 6)).toEqual({
    counter: 6,
    by: "machine",
    why: "jira-cloud page: comments found on 0 of 3 visits, before on 40 of 40",
  });
  // Of the one that is back nothing is compared: it was there before.
  expect(inUse(comparePack(state, [view(20, 0)]))).toBe(5);
  expect(inUse(comparePack(take(noPacks, 5, good), [view(3, 0)]))).toBeNull();
});

test("views of other adapters and kinds of page, and those that were broken before, say nothing", () => {
  const before = [view(40, 0), view(40, 40, { page: "panel" }), view(40, 40, { site: "request-tracker" })];
  const state = take(noPacks, 5, before);
  expect(inUse(comparePack(state, [view(20, 0), view(20, 0, { site: "request-tracker" }), view(20, 0, { page: "modal" })]))).toBe(5);
  expect(inUse(comparePack(state, [view(20, 0, { page: "panel" })]))).toBeNull();
});

test("the person's way back stays until a higher one comes, or they look for one", () => {
  const left = usePackaged(take(take(noPacks, 5, good), 6, good));
  expect([inUse(left), left.denied.map(({ counter, by }) => [counter, by])]).toEqual([
    null,
    [
      [6, "person"],
      [5, "person"],
    ],
  ]);
  expect(inUse(take(left, 7, good))).toBe(7);
  const gone = comparePack(take(left, 7, good), [view(3, 0)]);
  expect(reconsiderPacks(gone).denied.map(({ counter }) => counter)).toEqual([7]);
  expect(usePackaged(noPacks)).toEqual(noPacks);
});

test("the highest counter never falls", () => {
  const state = notePack(notePack(noPacks, 9, "b".repeat(64)), 4, "c".repeat(64));
  expect(state.highest).toEqual({ counter: 9, digest: "b".repeat(64) });
});
