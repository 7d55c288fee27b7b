// @vitest-environment jsdom
// Options, what was found: shares by view, a warning for a view that lost its titles, words when there is nothing yet.
import { expect, test } from "vitest";
import { Health } from "../../../extension/ui/options-health.tsx";
import type { ViewHealth } from "../../../shared/selector-health.ts";
import { draw } from "./draw.tsx";
import { german } from "./languages.ts";

const views: ViewHealth[] = [
  { site: "jira-cloud", page: "page", visits: 40, title: 40, description: 30, comments: 10 },
  { site: "jira-cloud", page: "panel", visits: 40, title: 20, description: 0, comments: 0 },
];

test("each view with its visits and shares, and a warning only for the one that lost its titles", () => {
  const { container, text } = draw(<Health views={views} />);
  expect([...container.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
    ["jira-cloud page", "40", "100 %", "75 %", "25 %"],
    ["jira-cloud panel", "40", "50 %", "0 %", "0 %"],
  ]);
  expect(container.querySelectorAll("[role=alert]")).toHaveLength(1);
  expect(text("[role=alert]")).toContain("jira-cloud panel");
});

test("nothing yet; and in German", () => {
  expect(draw(<Health views={[]} />).text()).toContain(
    "No visit has been counted yet. One counts when all parts were found, or after ten seconds.",
  );
  expect(draw(<Health views={[]} />, german).text()).toContain(
    "Noch wurde kein Besuch gezählt. Einer zählt, sobald alle Teile gefunden sind, oder nach zehn Sekunden.",
  );
});
