// @vitest-environment jsdom
// The review component: draws each state, asks for what is pressed, says "saved" only when it is, and takes nobody's place in the page.
import { expect, test, vi } from "vitest";
import { Review } from "../../../extension/ui/review.tsx";
import { entityIds, severityIds, threatTypeIds } from "../../../shared/labels.ts";
import { choiceKeys, defaultKeys, ReviewAction, ReviewState, SyncState } from "../../../shared/review.ts";
import { draw } from "./draw.tsx";
import { english, german } from "./languages.ts";
import { decision, mine, named, news, spans, state, suggestion } from "./states.ts";

function review(now: ReviewState, change: Partial<typeof suggestion> = {}, t = english) {
  const asked: ReviewAction[] = [];
  const node = (next: ReviewState) => (
    <Review state={next} suggestion={{ ...suggestion, ...change }} onAction={(action) => asked.push(ReviewAction.parse(action))} />
  );
  const drawn = draw(node(now), t);
  return { ...drawn, asked, show: (next: ReviewState) => drawn.redraw(node(next)) };
}

test("the states of these tests are states of the contract", () => {
  for (const [name, one] of Object.entries(named)) expect(ReviewState.safeParse(one).success, name).toBe(true);
});

test("an open review: one big button agrees, the others correct", () => {
  const { press, asked, text } = review(named.open ?? state());
  expect(text(".accept-main")).toBe("Accept phishing_high");
  for (const words of ["Accept", "Type", "Severity", "Not security", "Reject", "Highlights (3)", "Review by keys"]) press(words);
  expect(asked).toEqual([
    { do: "accept" },
    { do: "menu", menu: "type" },
    { do: "menu", menu: "severity" },
    { do: "not-security" },
    { do: "reject" },
    { do: "menu", menu: "spans" },
    { do: "arm", armed: true },
  ]);
});

test("keys stand on the buttons while they work, and only then", () => {
  const { container, show } = review(state());
  const hints = () => [...container.querySelectorAll("kbd")].map((hint) => hint.textContent);
  expect(hints()).toEqual([]);
  show(state({ armed: true, undoable: 1 }));
  expect(hints()).toEqual(["⏎", "T", "S", "N", "X", "E", "U"]);
  show(state({ armed: true, undoable: 1, keys: { ...defaultKeys, accept: " ", reject: "Backspace" } }));
  expect(hints()).toEqual(["Space", "T", "S", "N", "⌫", "E", "U"]);
  expect(container.querySelector(".accept")?.getAttribute("aria-keyshortcuts")).toBe(" ");
});

test("without a proposal, or with a doubtful one, there is nothing to accept", () => {
  expect(review(state(), { abstained: true }).has("Accept")).toBe(false);
  expect(review(state(), { threatType: null, severity: null }).has("Accept")).toBe(false);
});

test("the type menu has all types with their keys, and says the model's probabilities", () => {
  const { press, asked, container } = review(state({ armed: true, menu: "type" }));
  const chips = [...container.querySelectorAll(".choice-chip")];
  expect(chips.map((chip) => chip.getAttribute("aria-keyshortcuts"))).toEqual([...choiceKeys]);
  expect(chips).toHaveLength(threatTypeIds.length);
  expect(chips[2]?.textContent).toBe("3✉Phishing92 %");
  expect(chips.map((chip) => chip.getAttribute("aria-pressed")).indexOf("true")).toBe(2);
  press("4☣Malware");
  expect(asked).toEqual([{ do: "type", threatType: "malware" }]);
});

test("after a type the severity follows, with the proposed one first", () => {
  const { press, asked, container, text } = review(state({ armed: true, menu: "severity-of-type", pendingType: "malware" }));
  expect(text("legend")).toContain("Malware: how severe?");
  expect(container.querySelector(".review-menu button")?.textContent).toBe("Keep the proposed: High⏎");
  press("Keep");
  press("4▇Critical");
  expect(asked).toEqual([
    { do: "severity", severity: "high" },
    { do: "severity", severity: "critical" },
  ]);
});

test("severity alone: four choices, nothing to keep; not for a tag without a severity that says something", () => {
  const { container, has, show } = review(state({ menu: "severity" }));
  expect(container.querySelectorAll(".choice-chip")).toHaveLength(severityIds.length);
  expect(has("Keep")).toBe(false);
  show(state({ mine: mine({ tag: { threatType: "benign", severity: "low" } }) }));
  expect(container.querySelector('[data-opens="severity"]')?.getAttribute("aria-disabled")).toBe("true");
});

test("reasons are offered after a correction and a rejection, never before, and stay beside the way", () => {
  const { has, press, asked, show } = review(state());
  expect(has("false alarm")).toBe(false);
  show(state({ mine: mine({ verdict: "accept" }) }));
  expect(has("false alarm")).toBe(false);
  show(state({ mine: mine({ verdict: "reject", tag: { threatType: null, severity: null } }), undoable: 1 }));
  press("false alarm");
  expect(asked).toEqual([{ do: "reason", reason: "false_alarm" }]);
  expect(has("Undo (1)")).toBe(true);
});

test("undo says how often it can, and does nothing when it cannot", () => {
  const { press, asked, show } = review(state());
  press("Undo");
  expect(asked).toEqual([]);
  show(state({ undoable: 20 }));
  press("Undo (20)");
  expect(asked).toEqual([{ do: "undo" }]);
});

test("highlights: choose, move both edges by word and by letter, relabel, add, remove, save, discard", () => {
  const { press, asked, text } = review(state({ menu: "spans", selected: 1, unsavedSpans: true }));
  expect(text(".review-menu > .quiet")).toBe("2 of 3");
  press("Attack patternCredential");
  press("Move the start a word back");
  press("Move the start a word on", { ctrlKey: true });
  press("Move the end a word back");
  press("Move the end a word on");
  press("Indicator");
  press("Remove");
  press("Save");
  press("Discard");
  expect(asked).toEqual([
    { do: "select-span", index: 0 },
    { do: "move-edge", edge: "start", by: -1, unit: "word" },
    { do: "move-edge", edge: "start", by: 1, unit: "character" },
    { do: "move-edge", edge: "end", by: -1, unit: "word" },
    { do: "move-edge", edge: "end", by: 1, unit: "word" },
    { do: "label-span", label: "Indicator" },
    { do: "remove-span" },
    { do: "save-spans" },
    { do: "discard-spans" },
  ]);
});

test("without a chosen highlight the labels mark what is selected in the page", () => {
  const { press, asked, container } = review(state({ menu: "spans", spans: [] }));
  expect(container.querySelectorAll(".choice-chip")).toHaveLength(entityIds.length);
  press("Location");
  press("Save");
  expect(asked).toEqual([{ do: "add-span", label: "Location" }]);
});

test("two thousand highlights: a few rows are drawn, around the chosen one, and the rest can be reached", () => {
  const many = Array.from(
    { length: 2000 },
    (_, index) =>
      ({ ...spans[0], block: "d", start: index * 10, end: index * 10 + 4, quote: `w${index}`, label: "Tool", source: "human" }) as const,
  );
  const { container, press, asked } = review(state({ menu: "spans", spans: many, selected: 1000 }));
  expect(container.querySelectorAll(".span-row")).toHaveLength(30);
  expect(container.querySelector('.span-row[aria-pressed="true"]')?.textContent).toContain("w1000");
  press("985 before");
  press("985 more");
  expect(asked).toEqual([
    { do: "select-span", index: 984 },
    { do: "select-span", index: 1015 },
  ]);
});

test.each([
  ["en", english],
  ["de", german],
] as const)("%s: while a decision is on its way nothing says that it is saved, whatever stood there before", (_, t) => {
  const claims = [t("news.saved"), ...SyncState.options.map((sync) => t(`sync.state.${sync}`))];
  for (const one of Object.values(named)) {
    const { text, show } = review({ ...one, news: news("saving") }, {}, t);
    expect(claims.filter((claim) => text().includes(claim))).toEqual([]);
    show({ ...one, mine: null, news: news("failed", "no") });
    expect(text(".news")).toBe(t("news.failed", { reason: "no" }));
    show({ ...one, mine: mine(), news: news("saved") });
    expect(claims.filter((claim) => text().includes(claim))).toContain(t("sync.state.local"));
  }
});

test("the way to the server is said in words", () => {
  const { text, show } = review(state());
  for (const [sync, words] of [
    ["local", "Saved on this machine"],
    ["pending", "Saved here, waiting to be sent"],
    ["stored", "Saved and sent"],
    ["rejected", "Saved here, refused by the server: see the options"],
  ] as const) {
    show(state({ mine: mine({ sync }) }));
    expect(text(".standing")).toContain(`Corrected to malware_medium${words} · `);
  }
});

test("a lead's ruling is shown beside the own decision", () => {
  expect(review(named.ruled ?? state()).text(".ruling")).toContain("Kim Lead ruled: phishing_critical");
});

test("pressing a button with the mouse takes neither focus nor selection from the page; a field keeps its own", () => {
  const { button, container } = review(state());
  const mouse = () => new MouseEvent("mousedown", { bubbles: true, cancelable: true });
  expect(button("Type").dispatchEvent(mouse())).toBe(false);
  expect(container.querySelector(".review")?.dispatchEvent(mouse())).toBe(true);
});

test("who works by keyboard is taken into a menu and back; who works in the page is left there", () => {
  const { button, show, container } = review(state());
  show(state({ menu: "type" }));
  expect(document.activeElement).toBe(document.body);
  show(state());
  button("Type").focus();
  show(state({ menu: "type" }));
  expect(document.activeElement).toBe(container.querySelector(".choice-chip"));
  show(state({ menu: "severity-of-type", pendingType: "malware" }));
  expect(document.activeElement?.textContent).toContain("Keep the proposed");
  show(state());
  expect(document.activeElement).toBe(button("Type"));
});

test("the tab order is that of reading: keys switch, agree, correct, menu, preview", () => {
  const onPreview = vi.fn(async () => decision);
  const { container } = draw(
    <Review state={state({ menu: "severity", undoable: 1 })} suggestion={suggestion} onAction={() => undefined} onPreview={onPreview} />,
  );
  const stops = [...container.querySelectorAll<HTMLElement>("button, summary, [tabindex]")];
  expect(stops.every(({ tabIndex }) => tabIndex === 0)).toBe(true);
  expect(stops.map(({ textContent }) => textContent)).toEqual([
    "Review by keys",
    "Accept phishing_high",
    "Type",
    "Severity",
    "Not security",
    "Reject",
    "Highlights (3)",
    "Undo (1)",
    "▁Low",
    "▃Medium",
    "▅High",
    "▇Critical",
    "What would leave",
  ]);
});
