// @vitest-environment jsdom
// The selectors of one page: packaged ones at once, a pack's when the background names it, and visits that count for the selectors that found them.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPageSelectors } from "../../extension/page-selectors.ts";
import type { Visit } from "../../shared/selector-health.ts";
import type { PackSites } from "../../shared/selector-lists.ts";

const url = new URL("https://jira.corp.example/browse/SOC-1");
const pack: PackSites = { "jira-data-center": { comments: [".remark"], commentBodies: [".remark-text"] } };
let told: Visit[];
let changes: number;
let stop: AbortController;
let answers: (() => Promise<PackSites | null>)[];
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  changes = 0;
  stop = new AbortController();
  document.body.id = "jira";
  document.body.innerHTML = `<div id="issue-content"><a id="key-val" href="/browse/SOC-1">SOC-1</a><h1 id="summary-val">A title</h1>
<div id="description-val"><div class="user-content-block">What happened</div></div>
<div id="issue_actions_container"><div id="comment-1" class="remark"><div class="remark-text">Words</div></div></div></div>`;
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** @param given the background's answers, one after the other. */
function begin(...given: (() => Promise<PackSites | null>)[]) {
  answers = given;
  const selectors = createPageSelectors({
    document,
    ask: () => answers.shift()?.() ?? Promise.reject(new Error("nobody answers")),
    found: (visit) => told.push({ ...visit }),
    changed: () => changes++,
    signal: stop.signal,
  });
  const roles = () => selectors.find(url, document).place?.blocks.map(({ role }) => role);
  return { ...selectors, roles };
}
const settled = () => vi.advanceTimersByTimeAsync(0);
const visit = (comments: boolean): Visit => ({ site: "jira-data-center", page: "issue", title: true, description: true, comments });

test("the page does not wait: it is read by the packaged selectors until the pack is named, and nothing is counted for them", async () => {
  const { promise, resolve } = Promise.withResolvers<PackSites | null>();
  const { roles } = begin(() => promise);
  expect(roles()).toEqual(["title", "description"]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told).toEqual([]);
  resolve(pack);
  await settled();
  expect(changes).toBe(1);
  expect(roles()).toEqual(["title", "description", "comment"]);
  expect(told).toEqual([visit(true)]);
});

test("without a pack nothing is looked at again, and the visit begins with the answer, also when there is none", async () => {
  for (const answer of [async () => null, () => Promise.reject(new Error("asleep"))]) {
    told = [];
    const { roles } = begin(answer);
    await settled();
    expect([changes, roles()]).toEqual([0, ["title", "description"]]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([visit(false)]);
  }
});

test("a pack that comes and goes while the page is open: each begins another visit; the same one again changes nothing", async () => {
  const { roles, refresh } = begin(
    async () => null,
    async () => pack,
    async () => structuredClone(pack),
    async () => null,
  );
  await settled();
  await vi.advanceTimersByTimeAsync(10_000);
  for (let asked = 0; asked < 2; asked++) {
    refresh();
    await settled();
    expect([changes, roles()]).toEqual([1, ["title", "description", "comment"]]);
  }
  refresh();
  await settled();
  expect([changes, roles()]).toEqual([2, ["title", "description"]]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual([visit(false), visit(true), visit(false)]);
  // A background that does not answer leaves what is.
  refresh();
  await settled();
  expect(changes).toBe(2);
});

test("an answer after the script's end changes nothing", async () => {
  const { promise, resolve } = Promise.withResolvers<PackSites | null>();
  begin(() => promise);
  stop.abort();
  resolve(pack);
  await settled();
  expect(changes).toBe(0);
});
