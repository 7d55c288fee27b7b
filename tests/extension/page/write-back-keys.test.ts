// The keys of the write-back: what opens the diff, what agrees and what leaves, and that nothing else ever confirms a write.
import { expect, test } from "vitest";
import { type Press, writeBackMeaning } from "../../../extension/page/review-keys.ts";
import { defaultKeys } from "../../../shared/review.ts";
import { entry, ready, tag } from "./review-lab.ts";

const press = (key: string, more: Partial<Press> = {}): Press => ({ key, alt: false, shift: false, ctrl: false, ...more });

test("the write-back's key opens what would be written; while that is shown, Enter agrees and Escape leaves", () => {
  const machine = ready([entry("d1", { verdict: "correct", final: tag("malware", "low") })]);
  const asked = (key: string, asks: boolean, from = machine, more: Partial<Press> = {}) => writeBackMeaning(from, press(key, more), asks);
  expect(["w", "W", "Enter", "Escape", "t"].map((key) => asked(key, false))).toEqual(["open", "open", null, null, null]);
  expect(["w", "Enter", "Escape", "t"].map((key) => asked(key, true))).toEqual(["close", "confirm", "close", null]);
  // Nothing is written by a key that means something in a menu, by a combination, or unarmed.
  for (const menu of ["type", "severity", "spans", "reason"] as const)
    for (const key of ["w", "Enter", "Escape"]) expect(asked(key, true, { ...machine, menu }), `${menu} ${key}`).toBeNull();
  for (const more of [{ ctrl: true }, { alt: true }, { shift: true }])
    expect(["w", "Enter"].map((key) => asked(key, true, machine, more))).toEqual([null, null]);
  expect(asked("Enter", true, { ...machine, settings: { armed: false, keys: defaultKeys } })).toBeNull();
  expect(asked("Enter", true, { ...machine, history: null })).toBeNull();
  // Keys that were kept before this command came: the older meaning of a key stays.
  const older = { ...machine, settings: { armed: true, keys: { ...defaultKeys, accept: "w" } } };
  expect([asked("w", false, older), asked("w", true, older)]).toEqual([null, "confirm"]);
});
