// The review's state machine: what each action decides, what waits for what, what is kept after a failure, and what never happens.
import { expect, test } from "vitest";
import { spansNow } from "../../../extension/page/review-counting.ts";
import { reviewState } from "../../../extension/page/review-state.ts";
import type { ReviewState } from "../../../shared/review.ts";
import { entry, type Play, playOn, reading, ready, suggestion, tag } from "./review-lab.ts";

const shown = (play: Play): ReviewState => {
  const state = reviewState(play.machine);
  if (!state) throw new Error("Nothing is shown");
  return state;
};
const news = (play: Play) => shown(play).news.code;
const abstained = { ...reading, suggestion: { ...suggestion, abstained: true } };
const untagged = { ...reading, suggestion: { ...suggestion, threatType: null, severity: null } };

test("accepting takes the suggested tag and the spans; it is called saved when the store has it, not before", () => {
  const play = playOn().act({ do: "accept" });
  expect(play.saves).toEqual([{ verdict: "accept", supersedes: null, final: tag("malware", "high", spansNow(ready())), reason: null }]);
  expect(news(play)).toBe("saving");
  expect(shown(play).mine).toBeNull();
  play.saved();
  expect(news(play)).toBe("saved");
  expect(shown(play).mine).toMatchObject({ verdict: "accept", tag: { threatType: "malware", severity: "high" } });
});

test.each([
  ["abstained", abstained],
  ["found nothing", untagged],
])("when the model %s there is nothing to accept, and choosing a tag adds it", (_case, from) => {
  const play = playOn([], from).act({ do: "accept" });
  expect(play.saves).toEqual([]);
  play.act({ do: "type", threatType: "malware" }).act({ do: "severity", severity: "high" });
  expect(play.saves[0]).toMatchObject({ verdict: "add", final: { threatType: "malware", severity: "high" } });
});

test("another type is asked for its severity; the suggested pair is an acceptance, any other a correction", () => {
  const play = playOn().act({ do: "menu", menu: "type" }).act({ do: "type", threatType: "phishing" });
  expect(shown(play)).toMatchObject({ menu: "severity-of-type", pendingType: "phishing" });
  play.act({ do: "severity", severity: "low" }).saved();
  expect(play.saves[0]).toMatchObject({ verdict: "correct", final: { threatType: "phishing", severity: "low" } });
  expect(shown(play)).toMatchObject({ menu: "closed", pendingType: null });
  play.act({ do: "type", threatType: "malware" }).act({ do: "severity", severity: "high" });
  expect(play.saves[1]).toMatchObject({ verdict: "accept", supersedes: "d1" });
});

test("a severity alone keeps the type that counts; without one, or for an ordinary ticket, the type is asked first", () => {
  const play = playOn().act({ do: "severity", severity: "critical" });
  expect(play.saves[0]).toMatchObject({ verdict: "correct", final: { threatType: "malware", severity: "critical" } });
  play.saved().act({ do: "type", threatType: "phishing" }).act({ do: "severity", severity: "low" }).saved();
  play.act({ do: "severity", severity: "medium" });
  expect(play.saves.at(-1)?.final).toMatchObject({ threatType: "phishing", severity: "medium" });
  play.saved().act({ do: "not-security" }).saved().act({ do: "menu", menu: "severity" });
  expect(shown(play).menu).toBe("type");
  expect(shown(playOn([], untagged).act({ do: "severity", severity: "low" })).menu).toBe("type");
});

test("not security is benign and low at once; so is benign from the menu", () => {
  for (const action of [{ do: "not-security" }, { do: "type", threatType: "benign" }] as const)
    expect(playOn().act(action).saves[0]).toMatchObject({ verdict: "correct", final: { threatType: "benign", severity: "low" } });
});

test("a rejection says no tag, and keeps the spans", () => {
  expect(playOn().act({ do: "reject" }).saves[0]).toEqual({
    verdict: "reject",
    supersedes: null,
    final: tag(null, null, spansNow(ready())),
    reason: null,
  });
});

test("a reason follows a decision with the same state after it; without a decision there is none to give", () => {
  const play = playOn().act({ do: "menu", menu: "reason" }).act({ do: "reason", reason: "duplicate" });
  expect(shown(play).menu).toBe("closed");
  expect(play.saves).toEqual([]);
  play.act({ do: "reject" }).saved().act({ do: "menu", menu: "reason" }).act({ do: "reason", reason: "duplicate" });
  expect(play.saves[1]).toEqual({ ...play.saves[0], supersedes: "d1", reason: "duplicate" });
});

test("an old acceptance of another suggestion counts as a correction when a reason is added", () => {
  const old = entry("d1", { verdict: "accept", final: tag("phishing", "low") });
  expect(playOn([old]).act({ do: "reason", reason: "duplicate" }).saves[0]).toMatchObject({
    verdict: "correct",
    final: { threatType: "phishing", severity: "low" },
  });
});

test("undo goes back step by step, names what it takes back, and says when there is nothing more", () => {
  const play = playOn().act({ do: "accept" }).saved().act({ do: "reject" }).saved();
  expect(shown(play).undoable).toBe(2);
  play.act({ do: "undo" });
  expect(play.saves.at(-1)).toMatchObject({ verdict: "undo", supersedes: "d2", final: { threatType: "malware", severity: "high" } });
  play.saved();
  expect(news(play)).toBe("undone");
  expect(shown(play).mine?.verdict).toBe("accept");
  play.act({ do: "undo" }).saved();
  expect(play.saves.at(-1)).toEqual({ verdict: "undo", supersedes: "d1", final: null, reason: null });
  expect(shown(play)).toMatchObject({ mine: null, undoable: 0 });
  play.act({ do: "undo" });
  expect(news(play)).toBe("nothing-to-undo");
  expect(play.saves).toHaveLength(4);
});

test("undo is at most twenty deep, and touches nobody else's decisions", () => {
  const many = Array.from({ length: 25 }, (_, n) => entry(`d${n}`, { verdict: "reject", final: tag(null, null) }));
  const lead = entry("lead", {
    verdict: "correct",
    final: tag("phishing", "low"),
    mine: false,
    by: { name: "Ada", role: "lead" },
  });
  const play = playOn([...many, lead]);
  expect(shown(play)).toMatchObject({ undoable: 20, ruling: { name: "Ada", tag: { threatType: "phishing", severity: "low" } } });
  expect(play.act({ do: "undo" }).saves[0]?.supersedes).toBe("d24");
  expect(shown(playOn([lead])).mine).toBeNull();
});

test("saying the same again saves nothing, and is said to be saved", () => {
  const play = playOn().act({ do: "accept" }).saved();
  const { n } = shown(play).news;
  play.act({ do: "accept" });
  expect(play.saves).toHaveLength(1);
  expect(shown(play).news).toEqual({ n: n + 1, code: "saved", detail: "" });
});

test("while a save runs further ones wait, and build on it", () => {
  const play = playOn().act({ do: "accept" }).act({ do: "accept" }).act({ do: "reject" }).act({ do: "undo" });
  expect(play.saves).toHaveLength(1);
  play.saved();
  expect(play.saves.map(({ verdict, supersedes }) => [verdict, supersedes])).toEqual([
    ["accept", null],
    ["reject", "d1"],
  ]);
  play.saved();
  expect(play.saves.at(-1)).toMatchObject({ verdict: "undo", supersedes: "d2", final: { threatType: "malware" } });
  expect(news(play.saved())).toBe("undone");
});

test("what is said while a save runs means the state after it: severity alone, and a reason", () => {
  const play = playOn().act({ do: "type", threatType: "phishing" }).act({ do: "severity", severity: "low" });
  play.act({ do: "severity", severity: "critical" }).act({ do: "menu", menu: "reason" });
  expect(shown(play).menu).toBe("reason");
  play.act({ do: "reason", reason: "duplicate" }).saved().saved().saved();
  expect(play.saves.map(({ final, reason }) => [final?.threatType, final?.severity, reason])).toEqual([
    ["phishing", "low", null],
    ["phishing", "critical", null],
    ["phishing", "critical", "duplicate"],
  ]);
  play.act({ do: "undo" }).act({ do: "undo" }).act({ do: "menu", menu: "severity" });
  expect(shown(play).menu).toBe("type");
});

test("an acceptance that waits is of the tag that was seen, whatever is suggested when its turn comes", () => {
  const play = playOn().act({ do: "reject" }).act({ do: "accept" });
  play.send({ kind: "read", reading: { ...reading, suggestion: { ...suggestion, threatType: "phishing" } } }).saved();
  expect(play.saves[1]).toMatchObject({ verdict: "correct", final: { threatType: "malware", severity: "high" } });
});

test("a failed save is kept: the same wish tries again, another one is done after it", () => {
  const play = playOn().act({ do: "accept" }).failed();
  expect(shown(play).news).toMatchObject({ code: "failed", detail: "the disk is full" });
  play.act({ do: "accept" });
  expect(play.effects.at(-1)).toEqual({ do: "again" });
  play.failed().act({ do: "reject" });
  expect(play.effects.at(-1)).toEqual({ do: "again" });
  expect(play.saves).toHaveLength(1);
  play.saved();
  expect(play.saves[1]).toMatchObject({ verdict: "reject", supersedes: "d1" });
});

test("two undos, the first of which fails once, are two undos", () => {
  const play = playOn().act({ do: "accept" }).saved().act({ do: "reject" }).saved().act({ do: "undo" }).failed();
  play.act({ do: "undo" }).saved();
  expect(play.saves).toHaveLength(3);
  play.act({ do: "undo" }).saved();
  expect(shown(play).undoable).toBe(0);
});

test("what can never be saved is given up, with all that was meant on top of it", () => {
  const play = playOn().act({ do: "accept" }).act({ do: "undo" }).failed(true);
  expect(play.machine.pending).toBeNull();
  expect(play.machine.queue).toEqual([]);
  play.act({ do: "reject" });
  expect(play.saves[1]).toMatchObject({ verdict: "reject", supersedes: null });
});

test("disarming closes menus and keeps edits", () => {
  const play = playOn().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "arm", armed: false });
  expect(play.effects.at(-1)).toEqual({ do: "arm", armed: false });
  expect(shown(play)).toMatchObject({ armed: false, menu: "closed", unsavedSpans: true, news: { code: "disarmed" } });
});

test("nothing is shown or done before the background has told settings and history", () => {
  const play = playOn();
  play.machine = { ...play.machine, history: null };
  expect(reviewState(play.act({ do: "accept" }).machine)).toBeNull();
  expect(play.effects).toEqual([]);
});
