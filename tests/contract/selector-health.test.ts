// Counts of what was found: older visits fade, a layout that broke shows soon, selectors that find less are noticed beyond chance, and no name of a ticket fits in.
import { expect, test } from "vitest";
import {
  comparedVisits,
  looksBroken,
  parts,
  type ViewHealth,
  Visit,
  VisitCounts,
  withVisit,
  worsePart,
} from "../../shared/selector-health.ts";

const visit = (title: boolean): Visit => ({ site: "jira-cloud", page: "panel", title, description: true, comments: false });
const after = (visits: number, title: boolean, from: ViewHealth[] = []) => {
  let all = from;
  for (let count = 0; count < visits; count++) all = withVisit(all, visit(title));
  return all;
};

test("each part is counted by view", () => {
  const all = withVisit(after(3, true), { site: "jira-cloud", page: "modal", title: true, description: false, comments: true });
  expect(all).toEqual([
    { site: "jira-cloud", page: "modal", visits: 1, title: 1, description: 0, comments: 1 },
    { site: "jira-cloud", page: "panel", visits: 3, title: 3, description: 3, comments: 0 },
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

test("a visit has no room for a key, an address or a text; nor have counts, or for more finds than visits", () => {
  for (const change of [{ site: "SOC-12" }, { site: "https://x.example" }, { page: "SOC-12" }, { page: "panel " }, { key: "SOC-1" }])
    expect(Visit.safeParse({ ...visit(true), ...change }).success, JSON.stringify(change)).toBe(false);
  const counts = { site: "jira-cloud", page: "panel", visits: 3, title: 3, description: 3, comments: 0 };
  expect(VisitCounts.safeParse({ views: [counts] }).success).toBe(true);
  for (const change of [{ title: 4 }, { visits: -1 }, { visits: 2 ** 40 }, { comments: 0.5 }, { site: "x" }, { host: "x" }])
    expect(VisitCounts.safeParse({ views: [{ ...counts, ...change }] }).success, JSON.stringify(change)).toBe(false);
  expect(VisitCounts.safeParse({ views: [] }).success).toBe(false);
});

const health = (visits: number, title: number, comments: number): ViewHealth => ({
  ...{ site: "jira-cloud", page: "page" },
  ...{ visits, title, description: visits, comments },
});

test("other selectors are worse when so few finds are beyond chance: three lost titles, ten lost comments of every other ticket", () => {
  const before = health(40, 40, 20);
  expect(worsePart(before, health(2, 0, 2))).toBeNull();
  expect(worsePart(before, health(3, 0, 3))).toBe("title");
  expect(worsePart(before, health(9, 9, 0))).toBeNull();
  expect(worsePart(before, health(10, 10, 0))).toBe("comments");
  // Out of ten, one more or less says nothing.
  expect(worsePart(before, health(10, 9, 3))).toBeNull();
});

test("they are not worse where nothing was found before, where few visits were counted, or after their time", () => {
  expect(worsePart(health(40, 0, 0), health(20, 0, 0))).toBeNull();
  expect(worsePart(health(0, 0, 0), health(20, 0, 0))).toBeNull();
  expect(worsePart(health(3, 3, 3), health(4, 0, 0))).toBeNull();
  expect(worsePart(health(3, 3, 3), health(5, 0, 5))).toBe("title");
  expect(worsePart(health(40, 40, 40), health(comparedVisits, 0, 0))).toBe("title");
  expect(worsePart(health(40, 40, 40), health(comparedVisits + 1, 0, 0))).toBeNull();
});

test("selectors that find as much as those before are seldom thought worse", () => {
  let random = 1;
  const happens = (share: number) => {
    random = (random * 48271) % 2147483647;
    return random / 2147483647 < share;
  };
  let wrong = 0;
  for (let run = 0; run < 2000; run++) {
    const before = health(100, 97, 50);
    let now: ViewHealth[] = [];
    for (let count = 0; count < comparedVisits; count++) {
      now = withVisit(now, { site: "jira-cloud", page: "page", title: happens(0.97), description: true, comments: happens(0.5) });
      const [one] = now;
      if (one && worsePart(before, one)) {
        wrong++;
        break;
      }
    }
  }
  expect(parts).toHaveLength(3);
  expect(wrong / 2000).toBeLessThan(0.02);
});
