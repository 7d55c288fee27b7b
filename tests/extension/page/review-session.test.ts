// @vitest-environment jsdom
// The running review: keys, selections and actions on a page become decisions; what is the page's stays the page's.
import { expect, test, vi } from "vitest";
import { defaultKeys } from "../../../shared/review.ts";
import { openLab } from "./review-session-lab.ts";

test("one key accepts: the decision has id, texts, suggestion, dwell time, and is called saved when it is", async () => {
  const lab = openLab();
  await lab.open();
  expect(lab.asked).toEqual(["SOC-1"]);
  await vi.advanceTimersByTimeAsync(1500);
  expect(lab.press("Enter")).toBe(true);
  expect(lab.state().news.code).toBe("saving");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state()).toMatchObject({ news: { code: "saved" }, mine: { verdict: "accept" } });
  expect(lab.intents[0]).toMatchObject({
    verdict: "accept",
    ticket: { key: "SOC-1" },
    dwellMs: 1500,
    suggestion: { threatType: "malware", modelVersion: "t" },
    final: { threatType: "malware", severity: "high", spans: [{ block: "#d", quote: "mimikatz" }] },
    blocks: [{ id: "h1", restricted: false }, { id: "#d" }, { id: "textarea", text: "tell the caller", restricted: true }],
  });
});

test("keys of a queue: agree 1, not security 1, type and severity 3, severity 2, undo 1", async () => {
  const lab = openLab();
  const keys: [string, string, string][] = [
    ["Enter", "malware", "high"],
    ["n", "benign", "low"],
    ["t32", "phishing", "medium"],
    ["s4", "malware", "critical"],
  ];
  for (const [n, [pressed, threatType, severity]] of keys.entries()) {
    await lab.open(`SOC-${n}`);
    for (const key of pressed === "Enter" ? [pressed] : pressed) expect(lab.press(key), key).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(lab.intents.at(-1)).toMatchObject({ ticket: { key: `SOC-${n}` }, final: { threatType, severity } });
  }
  lab.press("u");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.intents.at(-1)).toMatchObject({ verdict: "undo", final: null });
  expect(lab.intents).toHaveLength(5);
});

test("edited spans wait for the ticket's return", async () => {
  const lab = openLab();
  await lab.open("SOC-1");
  for (const key of ["e", "5"]) lab.press(key);
  await lab.open("SOC-2");
  expect(lab.state()).toMatchObject({ unsavedSpans: false, menu: "closed" });
  await lab.open("SOC-1");
  expect(lab.state()).toMatchObject({ unsavedSpans: true, menu: "closed", spans: [{ label: "Vulnerability", source: "human" }] });
});

test("a digit saves what is selected in the page as a span; in a field only when asked by name", async () => {
  const lab = openLab();
  await lab.open();
  const node = document.querySelector("#d")?.firstChild;
  if (!node) throw new Error("no text");
  document.getSelection()?.setBaseAndExtent(node, 15, node, 21);
  expect(lab.press("7")).toBe(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.intents[0]?.final?.spans[0]).toMatchObject({ block: "#d", quote: "FS-02", label: "System", source: "human" });
  document.getSelection()?.removeAllRanges();
  document.querySelector("textarea")?.setSelectionRange(8, 15);
  expect(lab.press("7")).toBe(false);
  lab.session.act({ do: "add-span", label: "Organization" });
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.intents[1]?.final?.spans[1]).toMatchObject({ block: "textarea", quote: "caller", start: 9 });
});

test("Escape: the menu, then the card, then the arming; then it is the page's", async () => {
  const lab = openLab();
  await lab.open();
  lab.openCard();
  lab.press("t");
  expect(lab.press("Escape")).toBe(true);
  expect(lab.state()).toMatchObject({ menu: "closed", armed: true });
  expect(lab.press("Escape")).toBe(true);
  expect(lab.state().armed).toBe(true);
  expect(lab.press("Escape")).toBe(true);
  expect(lab.state()).toMatchObject({ armed: false, news: { code: "disarmed" } });
  expect(lab.armed).toEqual([false]);
  expect(lab.press("Escape")).toBe(false);
});

test("while somebody types, and with the focus on a link, keys are the page's", async () => {
  const lab = openLab();
  await lab.open();
  document.querySelector("textarea")?.focus();
  expect(lab.press("Enter")).toBe(false);
  document.body.insertAdjacentHTML("beforeend", '<a href="#x">next</a>');
  document.querySelector("a")?.focus();
  expect(lab.press("Enter")).toBe(false);
  document.querySelector("a")?.blur();
  expect(lab.press("Enter")).toBe(true);
});

test("keys from the popup go the same way, armed only; arming by one tab reaches all others", async () => {
  const lab = openLab({ settings: { armed: false, keys: defaultKeys } });
  await lab.open();
  const key = { do: "key", key: "Enter", alt: false, shift: false, ctrl: false } as const;
  lab.session.act(key);
  expect(lab.press("Enter")).toBe(false);
  lab.session.act({ do: "arm", armed: true });
  expect(lab.armed).toEqual([true]);
  lab.session.act(key);
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.intents).toHaveLength(1);
  lab.ask.settings.mockResolvedValue({ armed: false, keys: defaultKeys });
  lab.session.heard("settings");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state().armed).toBe(false);
});

test("the time in which nobody saw the page, or another ticket was there, is not dwelt on", async () => {
  const lab = openLab();
  await lab.open("SOC-1");
  await vi.advanceTimersByTimeAsync(1000);
  const hide = (hidden: boolean) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  };
  hide(true);
  await vi.advanceTimersByTimeAsync(5000);
  hide(false);
  await vi.advanceTimersByTimeAsync(500);
  lab.press("Enter");
  expect(lab.intents[0]?.dwellMs).toBe(1500);
});

test("the preview is of the decision as it would leave, and saves nothing", async () => {
  const lab = openLab();
  await expect(lab.session.preview()).rejects.toThrow("no tagged ticket");
  await lab.open();
  await lab.session.preview();
  expect(lab.ask.preview).toHaveBeenCalledWith(expect.objectContaining({ verdict: "accept" }));
  expect(lab.intents).toEqual([]);
});

test("where there is no ticket any more, keys and actions do nothing", async () => {
  const lab = openLab();
  await lab.open();
  lab.session.follow(null);
  expect(lab.press("Enter")).toBe(false);
  lab.session.act({ do: "accept" });
  expect(lab.session.shown()).toBeNull();
  expect(lab.intents).toEqual([]);
});
