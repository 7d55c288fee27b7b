// @vitest-environment jsdom
// What keys mean in each menu, what is never taken, and the listener that takes them before the page hears them.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isPress, keysAreFree } from "../../../extension/page/review-guard.ts";
import { meaningOf, type Press } from "../../../extension/page/review-keys.ts";
import { listenForKeys } from "../../../extension/page/review-listener.ts";
import type { Machine } from "../../../extension/page/review-state.ts";
import { reasonIds } from "../../../shared/decisions.ts";
import { entityIds, severityIds, threatTypeIds } from "../../../shared/labels.ts";
import { choiceKeys, defaultKeys, type ReviewMenu } from "../../../shared/review.ts";
import { entry, playOn, reading, ready, suggestion, tag } from "./review-lab.ts";

const press = (key: string, more: Partial<Press> = {}): Press => ({ key, alt: false, shift: false, ctrl: false, ...more });
const decided = () => ready([entry("d1", { verdict: "reject", final: tag(null, null) })]);
const inMenu = (menu: ReviewMenu, from: Machine = decided()): Machine => ({
  ...from,
  menu,
  pendingType: menu === "severity-of-type" ? "phishing" : null,
  selected: menu === "spans" ? 0 : null,
});
const meaning = (machine: Machine, key: string, more: Partial<Press> = {}, selected = false) =>
  meaningOf(machine, press(key, more), () => selected);

test("each command has its key, also under Caps Lock, and no other key means anything", () => {
  const machine = decided();
  expect(Object.entries(defaultKeys).map(([name, key]) => [name, meaning(machine, key)])).toEqual([
    ["accept", { do: "accept" }],
    ["type", { do: "menu", menu: "type" }],
    ["severity", { do: "menu", menu: "severity" }],
    ["notSecurity", { do: "not-security" }],
    ["reject", { do: "reject" }],
    ["undo", { do: "undo" }],
    ["spans", { do: "menu", menu: "spans" }],
    ["reason", { do: "menu", menu: "reason" }],
    // The write-back's own: see write-back-keys.test.ts.
    ["writeBack", null],
  ]);
  expect(meaning(machine, "T")).toEqual({ do: "menu", menu: "type" });
  for (const key of ["q", "1", "ArrowLeft", "Delete", "Tab", " ", "F5", "PageDown", "ß"]) expect(meaning(machine, key), key).toBeNull();
});

test("the key that opened a menu closes it", () => {
  for (const menu of ["type", "severity", "spans", "reason"] as const)
    expect(meaning(inMenu(menu), defaultKeys[menu])).toEqual({ do: "menu", menu: "closed" });
});

test("the menus choose by digits and letters in the order of their entries", () => {
  expect(threatTypeIds.map((_, n) => meaning(inMenu("type"), choiceKeys[n] ?? ""))).toEqual(
    threatTypeIds.map((threatType) => ({ do: "type", threatType })),
  );
  for (const menu of ["severity", "severity-of-type"] as const)
    expect(["1", "2", "3", "4"].map((key) => meaning(inMenu(menu), key))).toEqual(
      severityIds.map((severity) => ({ do: "severity", severity })),
    );
  expect(reasonIds.map((_, n) => meaning(inMenu("reason"), String(n + 1)))).toEqual(reasonIds.map((reason) => ({ do: "reason", reason })));
  expect(meaning(inMenu("severity"), "5")).toBeNull();
  // Digits stand behind Shift on French boards.
  expect(meaning(inMenu("severity"), "2", { shift: true })).toEqual({ do: "severity", severity: "medium" });
});

test("Enter takes the proposed severity of a chosen type, and accepts nothing while a menu is open", () => {
  expect(meaning(inMenu("severity-of-type"), "Enter")).toEqual({ do: "severity", severity: "high" });
  const bare = ready([], { ...reading, suggestion: { ...suggestion, threatType: null, severity: null } });
  expect(meaning(inMenu("severity-of-type", bare), "Enter")).toBeNull();
  for (const menu of ["type", "severity", "reason"] as const) expect(meaning(inMenu(menu), "Enter"), menu).toBeNull();
});

test("nothing to accept, no reason without a decision: these keys stay the page's", () => {
  expect(meaning(ready([], { ...reading, suggestion: { ...suggestion, abstained: true } }), "Enter")).toBeNull();
  expect(meaning(ready(), "r")).toBeNull();
});

test("Escape closes a menu, discards in the span mode, and leaves when nothing is open", () => {
  expect(meaning(inMenu("type"), "Escape")).toEqual({ do: "menu", menu: "closed" });
  expect(meaning(inMenu("spans"), "Escape")).toEqual({ do: "discard-spans" });
  expect(meaning(decided(), "Escape")).toEqual({ do: "leave" });
});

test("span mode: arrows go round, Alt moves edges, digits relabel, Delete removes, Enter saves", () => {
  const machine = inMenu("spans", ready());
  expect(meaning(machine, "ArrowRight")).toEqual({ do: "select-span", index: 1 });
  expect(meaning(machine, "ArrowUp")).toEqual({ do: "select-span", index: 2 });
  expect(meaning({ ...machine, selected: 2 }, "ArrowDown")).toEqual({ do: "select-span", index: 0 });
  expect(meaning(machine, "ArrowRight", { alt: true })).toEqual({ do: "move-edge", edge: "end", by: 1, unit: "word" });
  expect(meaning(machine, "ArrowLeft", { alt: true, shift: true })).toEqual({ do: "move-edge", edge: "start", by: -1, unit: "word" });
  expect(meaning(machine, "ArrowLeft", { alt: true, ctrl: true })).toEqual({ do: "move-edge", edge: "end", by: -1, unit: "character" });
  expect(meaning(machine, "ArrowRight", { alt: true, shift: true, ctrl: true })).toEqual({
    do: "move-edge",
    edge: "start",
    by: 1,
    unit: "character",
  });
  expect(entityIds.map((_, n) => meaning(machine, String(n + 1)))).toEqual(entityIds.map((label) => ({ do: "label-span", label })));
  expect(meaning(machine, "Delete")).toEqual({ do: "remove-span" });
  expect(meaning(machine, "Backspace")).toEqual({ do: "remove-span" });
  expect(meaning(machine, "Enter")).toEqual({ do: "save-spans" });
  for (const more of [{ alt: true, shift: false }, { ctrl: true }]) expect(meaning(machine, "ArrowUp", more)).toBeNull();
  expect(meaning({ ...machine, selected: null }, "ArrowRight", { alt: true })).toBeNull();
});

test("a digit marks what is selected in the page, where digits choose nothing else", () => {
  expect(meaning(decided(), "3", {}, true)).toEqual({ do: "add-span", label: "Tool" });
  expect(meaning(decided(), "0", {}, true)).toBeNull();
  expect(meaning(inMenu("severity"), "3", {}, true)).toEqual({ do: "severity", severity: "high" });
  expect(meaning({ ...inMenu("spans"), selected: null }, "3", {}, true)).toEqual({ do: "add-span", label: "Tool" });
});

test("keys can be mapped anew; choices come before commands", () => {
  const from = ready();
  const machine = { ...from, settings: { armed: true, keys: { ...defaultKeys, accept: "a", reject: "?" } } };
  expect(meaning(machine, "a")).toEqual({ do: "accept" });
  expect(meaning(machine, "Enter")).toBeNull();
  expect(meaning(machine, "?", { shift: true })).toEqual({ do: "reject" });
  expect(meaning(inMenu("type", machine), "a")).toEqual({ do: "type", threatType: threatTypeIds[10] });
});

test("with Ctrl, Alt or Shift, unarmed, or before the history is known, no key means anything", () => {
  for (const more of [{ ctrl: true }, { alt: true }, { shift: true }])
    for (const key of ["Enter", "t", "x", "Escape"]) expect(meaning(decided(), key, more), `${key} ${JSON.stringify(more)}`).toBeNull();
  const machine = decided();
  expect(meaning({ ...machine, settings: { armed: false, keys: defaultKeys } }, "Enter")).toBeNull();
  expect(meaning({ ...machine, history: null }, "Enter")).toBeNull();
});

const fine = {
  key: "Enter",
  isTrusted: true,
  defaultPrevented: false,
  isComposing: false,
  repeat: false,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
};
test.each([
  ["is made by a script", { isTrusted: false }],
  ["was handled by the page", { defaultPrevented: true }],
  ["composes a letter", { isComposing: true }],
  ["repeats by itself", { repeat: true }],
  ["has the Meta key", { metaKey: true }],
  ["goes to an input method", { key: "Process" }],
  ["is half a letter", { key: "Dead" }],
])("a key that %s is not a press", (_case, more) => {
  expect(isPress(fine)).toBe(true);
  expect(isPress({ ...fine, ...more })).toBe(false);
});

const focused = (html: string): boolean => {
  document.body.innerHTML = html;
  const element = document.querySelector<HTMLElement>("[data-focus]");
  element?.focus();
  if (element && document.activeElement !== element) throw new Error(`Could not focus ${html}`);
  return keysAreFree(document, null, "x");
};
test.each([
  ["an input", "<input data-focus>"],
  ["a read-only input", "<input readonly data-focus>"],
  ["a text area", "<textarea data-focus></textarea>"],
  ["a select", "<select data-focus></select>"],
  ["an editor", '<div contenteditable="true" tabindex="0" data-focus></div>'],
  ["a part of an editor", '<div contenteditable><p tabindex="-1" data-focus></p></div>'],
  ["a text box by role", '<div role="textbox" tabindex="-1" data-focus></div>'],
  ["a check box", '<input type="checkbox" data-focus>'],
  ["a tab stop without a role", '<div tabindex="0" data-focus></div>'],
  ["a menu entry", '<div role="menu"><div role="menuitem" tabindex="-1" data-focus></div></div>'],
  ["something in a grid", '<div role="grid"><div><p tabindex="-1" data-focus></p></div></div>'],
  ["something in an application", '<div role="application"><p tabindex="-1" data-focus></p></div>'],
  ["the button of an open menu", '<button aria-expanded="true" data-focus>x</button>'],
  ["a button of a tool bar", '<div role="toolbar"><button data-focus>x</button></div>'],
  ["a list with an active entry", '<div tabindex="-1" aria-activedescendant="a" data-focus></div>'],
  ["a custom element whose inside is hidden", '<x-editor tabindex="-1" data-focus></x-editor>'],
])("with the focus on %s, keys are the page's", (_case, html) => {
  expect(focused(html)).toBe(false);
});
test.each([
  ["nothing", "<p>text</p>"],
  ["a dialog", '<section role="dialog" tabindex="-1" data-focus></section>'],
  ["a heading", '<h1 tabindex="-1" data-focus></h1>'],
  ["something in no editor", '<div contenteditable="false"><p tabindex="-1" data-focus></p></div>'],
])("with the focus on %s, keys are free", (_case, html) => {
  expect(focused(html)).toBe(true);
});

test.each([
  ["a link", '<a href="#" data-focus>x</a>'],
  ["a button", "<button data-focus>x</button>"],
  ["a button by role", '<div role="button" tabindex="0" data-focus>x</div>'],
  ["a summary", "<details><summary data-focus>x</summary></details>"],
])("with the focus on %s, Enter and Space are the page's", (_case, html) => {
  expect(focused(html)).toBe(true);
  for (const key of ["Enter", " "]) expect(keysAreFree(document, null, key)).toBe(false);
});

test("the focus is looked for inside open shadow trees; in design mode the whole page is an editor", () => {
  document.body.innerHTML = "<x-box></x-box>";
  const root = document.querySelector("x-box")?.attachShadow({ mode: "open" });
  if (!root) throw new Error("no shadow root");
  root.innerHTML = '<input><p tabindex="-1"></p>';
  root.querySelector("input")?.focus();
  expect(keysAreFree(document, null, "x")).toBe(false);
  root.querySelector("p")?.focus();
  expect(keysAreFree(document, null, "x")).toBe(true);
  document.designMode = "on";
  expect(keysAreFree(document, null, "x")).toBe(false);
  document.designMode = "off";
});

test("inside the own card keys work, but its buttons keep Enter and Space, and its fields keep all", () => {
  const element = document.createElement("sectag-card");
  element.tabIndex = -1;
  document.body.replaceChildren(element);
  element.focus();
  const inner = document.createElement("div");
  const card = (html: string) => {
    inner.innerHTML = html;
    return { element, focused: () => inner.firstElementChild };
  };
  expect(keysAreFree(document, card("<section tabindex=-1></section>"), "Enter")).toBe(true);
  expect(keysAreFree(document, card("<button>"), "x")).toBe(true);
  for (const key of ["Enter", " "]) expect(keysAreFree(document, card("<button>"), key)).toBe(false);
  expect(keysAreFree(document, card("<input>"), "x")).toBe(false);
  expect(keysAreFree(document, null, "x")).toBe(false);
});

let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
  document.body.replaceChildren();
});
afterEach(() => stop.abort());

function listening({ armed = true, uses = (_press: Press): boolean => true } = {}) {
  const taken: Press[] = [];
  listenForKeys({
    document,
    signal: stop.signal,
    card: () => null,
    armed: () => armed,
    take: (one) => uses(one) && taken.push(one) > 0,
    isTrusted: (event) => !(event as Event & { script?: true }).script,
  });
  const heard = vi.fn();
  for (const name of ["keydown", "keyup"]) document.addEventListener(name, heard, { signal: stop.signal });
  const type = (key: string, more: KeyboardEventInit & { script?: true } = {}, name = "keydown") => {
    const event = new KeyboardEvent(name, { key, code: key, bubbles: true, cancelable: true, ...more });
    if (more.script) Object.assign(event, { script: true });
    document.body.dispatchEvent(event);
    return event;
  };
  return { taken, heard, type };
}

test("a used key never reaches the page, neither its press nor its release; others do", () => {
  const { taken, heard, type } = listening({ uses: ({ key }) => key === "x" });
  expect(type("x").defaultPrevented).toBe(true);
  expect(type("x", {}, "keyup").defaultPrevented).toBe(true);
  expect(taken).toEqual([press("x")]);
  expect(heard).not.toHaveBeenCalled();
  expect(type("q").defaultPrevented).toBe(false);
  type("q", {}, "keyup");
  expect(heard).toHaveBeenCalledTimes(2);
});

test("guards hold in the listener: unarmed, script, repeat, composing, typing", () => {
  const { taken, heard, type } = listening();
  type("x", { script: true });
  type("x", { repeat: true });
  type("x", { isComposing: true });
  type("x", { metaKey: true });
  document.body.innerHTML = "<input>";
  document.querySelector("input")?.focus();
  type("x");
  expect(taken).toEqual([]);
  expect(heard).toHaveBeenCalledTimes(5);
  document.querySelector("input")?.blur();
  type("x");
  expect(taken).toHaveLength(1);
  stop.abort();
  type("x");
  expect(taken).toHaveLength(1);
});

test("unarmed, keys are not even asked about", () => {
  const { taken, type } = listening({ armed: false });
  expect(type("Enter").defaultPrevented).toBe(false);
  expect(taken).toEqual([]);
});

test("span mode by keyboard alone: what a script would press, the machine does", () => {
  const play = playOn();
  for (const one of [press("e"), press("ArrowRight"), press("ArrowRight", { alt: true }), press("2"), press("Enter")]) {
    const what = meaningOf(play.machine, one, () => false);
    if (!what || what.do === "leave") throw new Error(`${one.key} means nothing`);
    play.act(what);
  }
  expect(play.saves[0]?.final?.spans[1]).toMatchObject({ quote: "mimikatz ran", label: "ThreatActor", source: "human" });
});
