// @vitest-environment jsdom
// Watching a page: a burst is told once, what is not told yet can be asked for, and a flood is not counted node by node.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type PageChange, watchPage } from "../../../extension/page/watch-page.ts";

let stop: AbortController;
let told: PageChange[];
beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = "<p>one</p><p>two</p>";
  stop = new AbortController();
  told = [];
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});
const watch = () => watchPage({ document, signal: stop.signal, onChange: (change) => told.push(change) });
const nodes = (change: PageChange | undefined) => [...(change?.targets ?? [])];

test("a burst of changes is told once, with the nodes; before that they are pending", async () => {
  const { pending } = watch();
  await vi.runAllTimersAsync();
  told = [];
  const [one, two] = document.querySelectorAll("p");
  one?.setAttribute("class", "a");
  two?.append("!");
  await vi.advanceTimersByTimeAsync(1);
  expect(pending()).toEqual(new Set([one, two]));
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(600);
  expect(told.map(nodes)).toEqual([[one, two]]);
  expect(pending()).toEqual(new Set());
});

test("after thousands of changed nodes anything may have changed", async () => {
  watch();
  await vi.runAllTimersAsync();
  told = [];
  const crowd = Array.from({ length: 5001 }, () => document.body.appendChild(document.createElement("i")));
  await vi.advanceTimersByTimeAsync(600);
  expect(told.map(nodes)).toEqual([[document.body]]);
  for (const one of crowd) one.setAttribute("class", "x");
  await vi.advanceTimersByTimeAsync(600);
  expect(told).toHaveLength(2);
  expect(told[1]).toEqual({ targets: null });
});

test("a page that changes without a rest is looked at all the same, twice a second", async () => {
  watch();
  await vi.runAllTimersAsync();
  told = [];
  const [one] = document.querySelectorAll("p");
  const setTimer = vi.spyOn(globalThis, "setTimeout");
  for (let ms = 0; ms < 2000; ms += 4) {
    one?.setAttribute("class", `c${ms}`);
    await vi.advanceTimersByTimeAsync(4);
  }
  expect(told.length).toBeGreaterThanOrEqual(3);
  // What is due already is not put off: each burst sets its timer while it may still be quiet soon, and then no more.
  expect(setTimer.mock.calls.length).toBeLessThan(500);
});
