// @vitest-environment jsdom
// The write-back's keys in a running review: they reach it from the page only, and what it has no use for stays the page's.
import { expect, test } from "vitest";
import type { WriteBackAction } from "../../../shared/write-back.ts";
import { openLab } from "./review-session-lab.ts";

function opened({ asks = false, uses = true } = {}) {
  const acted: WriteBackAction[] = [];
  const lab = openLab({
    writeBack: {
      asks: () => asks,
      act(action) {
        acted.push(action);
        return uses;
      },
    },
  });
  return { ...lab, acted };
}
const key = (name: string) => ({ do: "key", key: name, alt: false, shift: false, ctrl: false }) as const;

test.each([true, false])("its key is taken where it has a use for it, and left to the page where it has none: %s", async (uses) => {
  const lab = opened({ uses });
  await lab.open();
  expect(lab.press("w")).toBe(uses);
  expect(lab.acted).toEqual(["open"]);
});

test("while it asks, Enter confirms the write and decides nothing", async () => {
  const lab = opened({ asks: true });
  await lab.open();
  expect(lab.press("Enter")).toBe(true);
  expect(lab.acted).toEqual(["confirm"]);
  expect(lab.intents).toEqual([]);
  expect(lab.press("Escape")).toBe(true);
  expect(lab.acted).toEqual(["confirm", "close"]);
});

test("a key pressed in another surface, where nobody sees the change, never writes", async () => {
  const lab = opened({ asks: true });
  await lab.open();
  for (const name of ["w", "Enter", "Escape"]) lab.session.act(key(name));
  expect(lab.acted).toEqual([]);
  expect(lab.intents.map(({ verdict }) => verdict)).toEqual(["accept"]);
});
