// Whose key it is: SecTag takes one only when nobody types and no widget of the page has the focus. When in doubt, it is the page's.
import { outerElement } from "./outer-element.ts";

/** What is looked at of a keyboard event. */
export type KeyEvent = Pick<
  KeyboardEvent,
  "key" | "isTrusted" | "defaultPrevented" | "isComposing" | "repeat" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey"
>;

/** SecTag's own card: its element in the page, and what has the focus inside it. */
export interface OwnCard {
  element: Element;
  focused(): Element | null;
}

const editing = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])';
/** What is worked by Enter and Space alone: all other keys mean nothing to it. */
const pressed = "a[href], area[href], button, summary, [role=button], [role=link], [role=switch]";
const embedded = "iframe, object, embed, audio[controls], video[controls]";
/** Roles of things that are worked by many keys: with one of them at or around the focus, keys are theirs. */
const widgetRoles = new Set(
  (
    "application checkbox columnheader combobox grid gridcell listbox menu menubar menuitem menuitemcheckbox menuitemradio option " +
    "radio radiogroup row rowheader scrollbar searchbox slider spinbutton tab tablist textbox toolbar tree treegrid treeitem"
  ).split(" "),
);

/** True when an event may be ours at all: a person's single key press, heard by nobody before, and not part of writing a letter. */
export function isPress({ isTrusted, defaultPrevented, isComposing, repeat, metaKey, key }: KeyEvent): boolean {
  // Old input methods say "Process"; a dead key is half a letter.
  return (
    isTrusted && !defaultPrevented && !isComposing && !repeat && !metaKey && key !== "Process" && key !== "Dead" && key !== "Unidentified"
  );
}

/** True when this key is nobody's in the document. Links and buttons keep Enter and Space, in the own card as well. */
export function keysAreFree(document: Document, card: OwnCard | null, key: string): boolean {
  const own = card !== null && document.activeElement === card.element;
  const focus = own ? card.focused() : focusOf(document);
  if (own ? focus?.closest(editing) : !nobodyTypes(document)) return false;
  return (key !== "Enter" && key !== " ") || !focus?.closest(pressed);
}

/** True when the focus of a document is nowhere, on something that only holds it (a dialog, a heading), or on a link or button. */
export function nobodyTypes(document: Document): boolean {
  if (document.designMode === "on") return false;
  const focus = focusOf(document);
  if (!focus || focus === document.body || focus === document.documentElement) return !focus?.matches(editing);
  // What a custom element does inside a closed root is not known, nor what an open menu's button waits for.
  if (focus.localName.includes("-") && !focus.shadowRoot) return false;
  if (focus.matches(embedded) || focus.hasAttribute("aria-activedescendant") || focus.getAttribute("aria-expanded") === "true")
    return false;
  // In the tab order stands what is worked by keys; `-1` is how pages park the focus on a dialog or a heading.
  const tabStop = focus.getAttribute("tabindex");
  if (tabStop !== null && Number(tabStop) !== -1 && !focus.matches(pressed)) return false;
  for (let around: Element | null = focus; around; around = outerElement(around)) {
    if (around.matches(editing) || widgetRoles.has(roleOf(around))) return false;
  }
  return true;
}

/** What has the focus, also inside open shadow trees. */
export function focusOf(document: Document): Element | null {
  let focus = document.activeElement;
  for (let root = focus?.shadowRoot; root?.activeElement; root = focus?.shadowRoot) focus = root.activeElement;
  return focus;
}

function roleOf(element: Element): string {
  return element.getAttribute("role")?.trim().toLowerCase().split(/\s+/)[0] ?? "";
}
