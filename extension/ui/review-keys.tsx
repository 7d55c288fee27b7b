// Keys of the review: how a key is written on a button, and what a key press in one of our own surfaces asks for.
import { choiceKeys, type ReviewAction, type ReviewState } from "../../shared/review.ts";
import { type T, useTexts } from "./texts.ts";

const glyphs: Readonly<Record<string, string>> = {
  Enter: "⏎",
  Escape: "Esc",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Backspace: "⌫",
};

/** A `KeyboardEvent.key` as people know it from their keyboard. */
export function keyName(t: T, key: string): string {
  if (key === " ") return t("key.space");
  if (key === "Delete") return t("key.delete");
  if (key.length > 1) return glyphs[key] ?? key;
  return key.toUpperCase();
}

/** The key on a button. It is shown only while it works; screen readers get it from `aria-keyshortcuts`. */
export function KeyHint({ name, armed }: { name: string; armed: boolean }) {
  const t = useTexts();
  return armed ? (
    <span className="key" aria-hidden="true">
      <kbd>{keyName(t, name)}</kbd>
    </span>
  ) : null;
}

/** The part of a keyboard event that is looked at. */
type Press = Pick<KeyboardEvent, "key" | "altKey" | "shiftKey" | "ctrlKey" | "metaKey" | "isComposing" | "defaultPrevented" | "target">;

/**
 * What a key press in the popup or the side panel asks of the review; what the key means is known to the page.
 * @returns null when the key belongs to the control under it, to the browser, or to somebody who types.
 */
export function keyAction(press: Press, state: ReviewState | null): ReviewAction | null {
  const { key, target, altKey: alt, shiftKey: shift, ctrlKey: ctrl } = press;
  if (!state || press.defaultPrevented || press.isComposing || press.metaKey) return null;
  if (target instanceof Element && target.closest("input, textarea, select, [contenteditable]")) return null;
  if (key === "Escape") return escapeAction(state);
  if (!state.armed || !mayMean(key, alt || ctrl, state)) return null;
  // Enter on a focused button presses this button: it must not accept the proposal besides.
  if ((key === "Enter" || key === " ") && target instanceof Element && target.closest("button, a, summary")) return null;
  return { do: "key", key, alt, shift, ctrl };
}

/** Escape closes an open menu, also one that the mouse opened unarmed; null without one: it is the surface's own then. */
export function escapeAction({ menu }: ReviewState): ReviewAction | null {
  if (menu === "closed") return null;
  return menu === "spans" ? { do: "discard-spans" } : { do: "menu", menu: "closed" };
}

/** Keys that cannot mean anything stay the browser's: arrows scroll, Space scrolls, Ctrl+C copies. */
function mayMean(key: string, combined: boolean, { menu, keys }: ReviewState): boolean {
  const inSpans = menu === "spans" && (key.startsWith("Arrow") || key === "Delete" || key === "Backspace");
  if (combined) return menu === "spans" && key.startsWith("Arrow");
  // What would be written to the ticket is shown, and asked, in the page only.
  const { writeBack: _inPage, ...here } = keys;
  const known: readonly string[] = [...choiceKeys, ...Object.values(here)];
  return inSpans || known.some((one) => one.toLowerCase() === key.toLowerCase());
}
