// @vitest-environment jsdom
// The offer in the card: each state drawn, the diff readable as words, confirmation only where something would change, accessible, in both languages.
import axe from "axe-core";
import { expect, test } from "vitest";
import { Card } from "../../../extension/ui/card.tsx";
import { WriteBackOptions } from "../../../extension/ui/options-write-back.tsx";
import { keyAction } from "../../../extension/ui/review-keys.tsx";
import { WriteBack } from "../../../extension/ui/write-back.tsx";
import { problemCodes, type WriteBackAction, type WriteBackSettings, type WriteBackState } from "../../../shared/write-back.ts";
import { draw } from "./draw.tsx";
import { english, german } from "./languages.ts";
import { at, mine, state as reviewState, tagged } from "./states.ts";

const offer: WriteBackState = { phase: "offer", tag: "phishing_high", plan: null, copy: null, last: null, news: { n: 0, code: "none" } };
const labels: WriteBackState = {
  ...offer,
  phase: "diff",
  plan: {
    change: { kind: "labels", add: ["sectag:phishing_high"], remove: ["sectag:malware_low"] },
    left: [{ kind: "label", name: "", value: "sectag:benign" }],
    version: "1",
  },
};
const field: WriteBackState = {
  ...offer,
  phase: "diff",
  plan: { change: { kind: "field", name: "u_sectag", before: "", after: "phishing_high" }, left: [], version: "1" },
};
const note: WriteBackState = {
  ...offer,
  phase: "diff",
  plan: {
    change: { kind: "note", text: "SecTag: phishing_high." },
    left: [{ kind: "field", name: "category", value: "<b>Hardware</b>" }],
    version: "1",
  },
};
const left: WriteBackState = {
  ...offer,
  phase: "diff",
  plan: { change: null, left: [{ kind: "field", name: "category", value: "Hardware" }], version: "1" },
};
const copy: WriteBackState = { ...offer, phase: "diff", copy: "SecTag: phishing_high." };
const written: WriteBackState = { ...offer, last: { tag: "phishing_high", at, revertible: true }, news: { n: 1, code: "written" } };
const states = {
  offer,
  labels,
  field,
  note,
  left,
  copy,
  written,
  reading: { ...offer, phase: "reading" },
  writing: { ...labels, phase: "writing" },
} as const;

function show(state: WriteBackState, { armed = true, t = english } = {}) {
  const asked: WriteBackAction[] = [];
  const drawn = draw(<WriteBack state={state} armed={armed} keyName="w" onAction={(action) => asked.push(action)} />, t);
  const words = () => [...drawn.container.querySelectorAll(".visually-hidden")].map(({ textContent }) => textContent);
  return { ...drawn, asked, words };
}

test("the diff says what is new and what goes, as signs and as words, and what of others stays", () => {
  const { text, words } = show(labels);
  expect(text()).toContain("− sectag:malware_low");
  expect(text()).toContain("+ sectag:phishing_high");
  expect(words()).toEqual(["goes: sectag:malware_low", "new: sectag:phishing_high"]);
  expect(text()).toContain("The label sectag:benign stays: somebody else set it.");
  expect(show(field).words()).toEqual(["goes: empty", "new: phishing_high"]);
  const shown = show(note);
  expect(shown.text()).toContain("cannot be taken back");
  // A value of the ticket is text, never markup.
  expect(shown.text()).toContain("category stays <b>Hardware</b>: somebody else set it.");
  expect(shown.container.querySelector("b")).toBeNull();
});

test("one press asks, one confirms, one leaves, one takes back", () => {
  const asked: WriteBackAction[] = [];
  for (const [state, words] of [
    [offer, "Write to the ticket: phishing_high"],
    [labels, "Write"],
    [labels, "Do not write"],
    [written, "Revert"],
  ] as const) {
    const drawn = show(state);
    drawn.press(words);
    asked.push(...drawn.asked);
  }
  expect(asked).toEqual(["open", "confirm", "close", "revert"]);
});

test("nothing to confirm where nothing would change, while it is under way, and no way back from a note", () => {
  expect(show(left).container.querySelector(".accept-main")).toBeNull();
  expect(show(copy).container.querySelector(".accept-main")).toBeNull();
  for (const phase of ["reading", "writing"] as const) expect(show({ ...labels, phase }).container.querySelector("button")).toBeNull();
  expect(show({ ...written, last: { tag: "phishing_high", at, revertible: false } }).has("Revert")).toBe(false);
  expect(show({ ...written, phase: "writing" }).has("Revert")).toBe(false);
  expect(show({ ...written, tag: "" }).has("Write to the ticket")).toBe(false);
});

test("keys stand on the buttons only while they work", () => {
  const hints = (armed: boolean) =>
    [offer, labels].flatMap((one) => [...show(one, { armed }).container.querySelectorAll("kbd")].map((key) => key.textContent));
  expect(hints(true)).toEqual(["W", "⏎", "Esc"]);
  expect(hints(false)).toEqual([]);
});

test("while the diff asks, Enter stands there and not on the review; other surfaces leave the write-back's key alone", () => {
  const card = (writeBack: WriteBackState) => (
    <Card
      report={tagged(reviewState({ armed: true, mine: mine() }))}
      blocks={[]}
      open
      onToggle={() => undefined}
      onRetry={() => undefined}
      onAction={() => undefined}
      onPreview={async () => Promise.reject(new Error("not asked"))}
      writeBack={writeBack}
      onWriteBack={() => undefined}
    />
  );
  const drawn = draw(card(offer));
  const enters = () =>
    [...drawn.container.querySelectorAll("button:has(kbd)")].filter((one) => one.textContent?.includes("⏎")).map((one) => one.textContent);
  expect(enters()).toEqual(["Accept phishing_high⏎"]);
  drawn.redraw(card(labels));
  expect(enters()).toEqual(["Write⏎"]);
  const press = (key: string) => keyAction(new KeyboardEvent("keydown", { key }), reviewState({ armed: true }));
  expect([press("w"), press("t")?.do]).toEqual([null, "key"]);
});

test("each outcome has its sentence, heard once, and none but the two good ones says that it is written", () => {
  const sentences = [...problemCodes, "written", "reverted", "nothing"].map((code) => {
    const { text } = show({ ...offer, news: { n: 1, code: code as "written" } });
    return text("[role=status]");
  });
  expect(new Set(sentences).size).toBe(sentences.length);
  expect(sentences.filter((one) => one.startsWith("Written"))).toHaveLength(1);
});

test("the card shows it beside the review, closes it by Escape before itself, and has nothing of it without a state", () => {
  const asked: WriteBackAction[] = [];
  let toggled = 0;
  const card = (writeBack: WriteBackState | null) => (
    <Card
      report={tagged(reviewState({ mine: mine() }))}
      blocks={[]}
      open
      onToggle={() => toggled++}
      onRetry={() => undefined}
      onAction={() => undefined}
      onPreview={async () => Promise.reject(new Error("not asked"))}
      writeBack={writeBack}
      onWriteBack={(action) => asked.push(action)}
    />
  );
  const drawn = draw(card(null));
  expect(drawn.container.querySelector(".write-back")).toBeNull();
  drawn.redraw(card(labels));
  drawn.key(drawn.button("Write"), "Escape");
  expect([asked, toggled]).toEqual([["close"], 0]);
  drawn.redraw(card(offer));
  drawn.key(drawn.button("Write to the ticket"), "Escape");
  expect([asked, toggled]).toEqual([["close"], 1]);
});

test.each(Object.entries(states))("accessible: %s", async (_, state) => {
  document.title = "SecTag";
  for (const t of [english, german]) {
    document.documentElement.lang = t("locale");
    const { container } = show(state, { t });
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
  }
});

test("options: switched on by hand, the field kept when it is left, nothing to change where a policy stands", () => {
  const kept: WriteBackSettings[] = [];
  const node = (managed: ("on" | "field")[]) => (
    <WriteBackOptions settings={{ on: false, field: "" }} managed={managed} onSettings={(next) => kept.push(next)} />
  );
  const drawn = draw(node([]));
  const [box, field] = [...drawn.container.querySelectorAll("input")];
  if (!box || !field) throw new Error("two inputs");
  box.click();
  drawn.type(field, " u_sectag ");
  expect(kept).toEqual([{ on: true, field: "" }]);
  field.focus();
  field.blur();
  expect(kept.at(-1)).toEqual({ on: false, field: "u_sectag" });
  drawn.redraw(node(["on", "field"]));
  expect([box.disabled, field.disabled]).toEqual([true, true]);
  expect(drawn.text()).toContain("Set by your organisation.");
});
