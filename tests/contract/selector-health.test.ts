// Counts of what was found: older visits fade, a layout that broke shows soon, and no name of a ticket fits in.
import { expect, test } from "vitest";
import { looksBroken, type ViewHealth, Visit, withVisit } from "../../shared/selector-health.ts";

const visit = (title: boolean): Visit => ({ view: "jira-cloud panel", title, description: true, comments: false });
const after = (visits: number, title: boolean, from: ViewHealth[] = []) => {
  let all = from;
  for (let count = 0; count < visits; count++) all = withVisit(all, visit(title));
  return all;
};

test("each part is counted by view", () => {
  const all = withVisit(after(3, true), { view: "jira-cloud modal", title: true, description: false, comments: true });
  expect(all).toEqual([
    { view: "jira-cloud modal", visits: 1, title: 1, description: 0, comments: 1 },
    { view: "jira-cloud panel", visits: 3, title: 3, description: 3, comments: 0 },
  ]);
});

test("few visits say nothing; a layout that breaks after years of good ones shows within a dozen visits", () => {
  expect(after(19, false).some(looksBroken)).toBe(false);
  expect(after(20, false).some(looksBroken)).toBe(true);
  const long = after(5000, true);
  expect(long[0]?.visits).toBeLessThanOrEqual(200);
  expect(long.some(looksBroken)).toBe(false);
  expect(after(12, false, long).some(looksBroken)).toBe(true);
});

test("a visit has no room for a key, an address or a text", () => {
  for (const view of ["jira-cloud SOC-12", "https://x.example", "jira-cloud panel SOC", "", "x".repeat(70)])
    expect(Visit.safeParse({ ...visit(true), view }).success, view).toBe(false);
  expect(Visit.safeParse({ ...visit(true), key: "SOC-1" }).success).toBe(false);
});
