// @vitest-environment jsdom
// Options' section "Model": what runs, on trial or proven, what the last look brought, and the two ways out of it.
import { expect, test } from "vitest";
import { Model } from "../../../extension/ui/options-model.tsx";
import { LookCode, type ModelView } from "../../../shared/model-run.ts";
import { draw } from "./draw.tsx";
import { german } from "./languages.ts";
import { modelView } from "./states.ts";

const nothing = () => undefined;
const drawn = (change: Partial<ModelView> = {}, props: { onLook?: (() => void) | null; onBack?: () => void } = {}) => {
  const made = draw(<Model view={{ ...modelView, ...change }} onLook={nothing} onBack={nothing} {...props} />);
  return { ...made, facts: () => [...made.container.querySelectorAll("dd")].map(({ textContent }) => textContent) };
};

test("a release on trial: how far, why it was published, what was there before, and whose corrections are in it", () => {
  const { facts, text } = drawn();
  expect(facts().slice(0, 5)).toEqual([
    "2026.49.1 (release 7)",
    "on trial: 12 of 200 tickets",
    "Macro-F1 81.4 to 82.9 % on 379 tickets.",
    "the one that came with the extension",
    "stable",
  ]);
  expect(facts()[5]).toContain("2026.50.1, refused, a file is not the one that was signed (config.json is not");
  expect(text()).toContain("12 of your corrections are in 2026.49.1.");
});

test("a proven one, an older one, a pin, one that is being fetched, one that was given up", () => {
  const { facts, text, button } = drawn({
    running: { counter: 7, version: "2026.49.1", scans: null, gate: "Passed." },
    before: "2026.48.2",
    pin: "2026.49.1",
    progress: 0.42,
    refused: { counter: 8, why: "It ended without a word 3 times" },
    own: 1,
  });
  expect(facts()).toEqual([
    "2026.49.1 (release 7)",
    "proven",
    "Passed.",
    "2026.48.2",
    "stable · your administrator keeps it at 2026.49.1",
    "being fetched, 42 %",
  ]);
  expect(text()).toContain("Release 8 is not used here: It ended without a word 3 times.");
  expect(text()).toContain("1 of your corrections is in 2026.49.1.");
  expect(button("Back to the one before").getAttribute("aria-disabled")).toBe("true");
  expect(text("[role=status]")).toBe("");
});

test("the packaged model: nothing to go back to; without a server nobody to ask", () => {
  const done: string[] = [];
  const packaged = drawn({ running: null, look: null, own: 0 }, { onLook: null });
  expect(packaged.facts()).toEqual(["the one that came with the extension", "stable", "not yet"]);
  expect([
    packaged.button("Look for a new one").getAttribute("aria-disabled"),
    packaged.button("Back to the one before").getAttribute("aria-disabled"),
    packaged.text("[role=status]"),
  ]).toEqual(["true", "true", "not yet"]);
  // It keeps the focus that it may have, and does nothing.
  const left: string[] = [];
  const alone = drawn({ running: null }, { onBack: () => left.push("back") });
  alone.press("Back to the one before");
  expect([left, alone.button("Back to the one before").hasAttribute("disabled")]).toEqual([[], false]);
  const { press } = drawn({}, { onLook: () => done.push("look"), onBack: () => done.push("back") });
  press("Look for a new one");
  press("Back to the one before");
  expect(done).toEqual(["look", "back"]);
});

test("a release that a look brought and that runs now is not said to be in its test", () => {
  const look = { code: "staged" as const, detail: "", version: "2026.49.1", counter: 7, at: 0 };
  const running = { counter: 7, version: "2026.49.1", scans: 0, gate: "Passed." };
  expect(drawn({ running, look }).text("[role=status]")).toContain("2026.49.1, tested here, and in use");
  expect(drawn({ running: { ...running, counter: 6 }, look }).text("[role=status]")).toContain("being tested beside");
});

test("every outcome of a look has its words, in both languages", () => {
  for (const code of LookCode.options)
    for (const t of [undefined, german]) {
      const { container } = draw(
        <Model
          view={{ ...modelView, look: { code, detail: "", version: null, counter: null, at: 0 } }}
          onLook={nothing}
          onBack={nothing}
        />,
        t,
      );
      expect(container.textContent, code).not.toContain("model.codes");
    }
});
