// @vitest-environment jsdom
// Options' section "Selectors": which are in use, until when, what the last look brought, what was given up, and the way back.
import { expect, test } from "vitest";
import { Selectors } from "../../../extension/ui/options-selectors.tsx";
import { PackLookCode, type PackView } from "../../../shared/pack-view.ts";
import { draw } from "./draw.tsx";
import { german } from "./languages.ts";

const nothing = () => undefined;
const packaged: PackView = { inUse: null, expired: null, pin: null, look: null, refused: null };
const inUse: PackView["inUse"] = {
  ...{ counter: 12, created: "2026-11-26T08:00:00Z", expires: "2026-12-26T08:00:00Z" },
  sites: ["jira-cloud", "request-tracker"],
};
const drawn = (change: Partial<PackView> = {}, props: { onLook?: (() => void) | null; onPackaged?: () => void } = {}) => {
  const made = draw(<Selectors view={{ ...packaged, ...change }} onLook={nothing} onPackaged={nothing} {...props} />);
  return { ...made, facts: () => [...made.container.querySelectorAll("dd")].map(({ textContent }) => textContent) };
};

test("a pack in use: its number, sites and end, and the two buttons", () => {
  const done: string[] = [];
  const { facts, press } = drawn({ inUse }, { onLook: () => done.push("look"), onPackaged: () => done.push("packaged") });
  expect(facts()).toEqual([
    "pack 12 of 2026-11-26, before those that came with the extension",
    "jira-cloud, request-tracker",
    "2026-12-26",
    "not yet",
  ]);
  press("Look for new ones");
  press("Use the packaged ones");
  expect(done).toEqual(["look", "packaged"]);
});

test("the button that was pressed keeps the focus when there is nothing more to leave, and the outcome of a look is said", () => {
  const { button, redraw, text } = drawn({ inUse });
  button("Use the packaged ones").focus();
  redraw(<Selectors view={packaged} onLook={nothing} onPackaged={nothing} />);
  expect(button("Use the packaged ones").matches(":focus:not([disabled])")).toBe(true);
  expect(text("dd [role=status]")).toBe("not yet");
});

test("the packaged ones: nothing to go back from; without a server nobody to ask; a pin leaves no choice", () => {
  const alone = drawn({}, { onLook: null });
  expect(alone.facts()).toEqual(["those that came with the extension", "not yet"]);
  const disabled = (made: typeof alone) =>
    ["Look for new ones", "Use the packaged ones"].map((name) => made.button(name).getAttribute("aria-disabled"));
  expect(disabled(alone)).toEqual(["true", "true"]);
  const done: string[] = [];
  const pinned = drawn({ inUse, pin: "12" }, { onPackaged: () => done.push("packaged") });
  expect(disabled(pinned)).toEqual(["false", "true"]);
  pinned.press("Use the packaged ones");
  expect(done).toEqual([]);
  expect(pinned.facts()[0]).toContain("your administrator chose 12");
});

test("one that has expired is an alarm, one that was given up has its reason", () => {
  const { container, text } = drawn({
    expired: { counter: 12, expires: "2026-12-26T08:00:00Z" },
    refused: { counter: 13, why: "jira-cloud page: comments found on 0 of 3 visits, before on 40 of 40" },
    look: { code: "stale", detail: "2026-12-26T08:00:00Z", counter: 12, at: 0 },
  });
  expect(text("[role=alert]")).toContain("Pack 12 was valid until 2026-12-26.");
  expect(container.textContent).toContain("Pack 13 is not used here: jira-cloud page: comments found on 0 of 3 visits");
  expect(container.textContent).toContain("12, what the server has is out of date (2026-12-26T08:00:00Z)");
});

test("every outcome of a look has its words, in both languages", () => {
  for (const code of PackLookCode.options)
    for (const t of [undefined, german]) {
      const view = { ...packaged, look: { code, detail: "", counter: null, at: 0 } };
      const { container } = draw(<Selectors view={view} onLook={nothing} onPackaged={nothing} />, t);
      expect(container.textContent, code).not.toContain("selectors.");
    }
});
