// The review's state machine: what each action decides, what waits for what, what is kept after a failure, and what never happens.
import { expect, test } from "vitest";
import { reviewState, spansNow } from "../../../extension/page/review-state.ts";
import type { ReviewState } from "../../../shared/review.ts";
import { entry, Play, placeOf, reading, ready, spanOf, suggestion, tag, texts } from "./review-lab.ts";

const shown = (play: Play): ReviewState => {
  const state = reviewState(play.machine);
  if (!state) throw new Error("Nothing is shown");
  return state;
};
const news = (play: Play) => shown(play).news.code;
const abstained = { ...reading, suggestion: { ...suggestion, abstained: true } };
const untagged = { ...reading, suggestion: { ...suggestion, threatType: null, severity: null } };

test("accepting takes the suggested tag and the spans; it is called saved when the store has it, not before", () => {
  const play = new Play().act({ do: "accept" });
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
  const play = new Play([], from).act({ do: "accept" });
  expect(play.saves).toEqual([]);
  play.act({ do: "type", threatType: "malware" }).act({ do: "severity", severity: "high" });
  expect(play.saves[0]).toMatchObject({ verdict: "add", final: { threatType: "malware", severity: "high" } });
});

test("another type is asked for its severity; the suggested pair is an acceptance, any other a correction", () => {
  const play = new Play().act({ do: "menu", menu: "type" }).act({ do: "type", threatType: "phishing" });
  expect(shown(play)).toMatchObject({ menu: "severity-of-type", pendingType: "phishing" });
  play.act({ do: "severity", severity: "low" }).saved();
  expect(play.saves[0]).toMatchObject({ verdict: "correct", final: { threatType: "phishing", severity: "low" } });
  expect(shown(play)).toMatchObject({ menu: "closed", pendingType: null });
  play.act({ do: "type", threatType: "malware" }).act({ do: "severity", severity: "high" });
  expect(play.saves[1]).toMatchObject({ verdict: "accept", supersedes: "d1" });
});

test("a severity alone keeps the type that counts; without one, or for an ordinary ticket, the type is asked first", () => {
  const play = new Play().act({ do: "severity", severity: "critical" });
  expect(play.saves[0]).toMatchObject({ verdict: "correct", final: { threatType: "malware", severity: "critical" } });
  play.saved().act({ do: "type", threatType: "phishing" }).act({ do: "severity", severity: "low" }).saved();
  play.act({ do: "severity", severity: "medium" });
  expect(play.saves.at(-1)?.final).toMatchObject({ threatType: "phishing", severity: "medium" });
  play.saved().act({ do: "not-security" }).saved().act({ do: "menu", menu: "severity" });
  expect(shown(play).menu).toBe("type");
  expect(shown(new Play([], untagged).act({ do: "severity", severity: "low" })).menu).toBe("type");
});

test("not security is benign and low at once; so is benign from the menu", () => {
  for (const action of [{ do: "not-security" }, { do: "type", threatType: "benign" }] as const)
    expect(new Play().act(action).saves[0]).toMatchObject({ verdict: "correct", final: { threatType: "benign", severity: "low" } });
});

test("a rejection says no tag, and keeps the spans", () => {
  expect(new Play().act({ do: "reject" }).saves[0]).toEqual({
    verdict: "reject",
    supersedes: null,
    final: tag(null, null, spansNow(ready())),
    reason: null,
  });
});

test("a reason follows a decision with the same state after it; without a decision there is none to give", () => {
  const play = new Play().act({ do: "menu", menu: "reason" }).act({ do: "reason", reason: "duplicate" });
  expect(shown(play).menu).toBe("closed");
  expect(play.saves).toEqual([]);
  play.act({ do: "reject" }).saved().act({ do: "menu", menu: "reason" }).act({ do: "reason", reason: "duplicate" });
  expect(play.saves[1]).toEqual({ ...play.saves[0], supersedes: "d1", reason: "duplicate" });
});

test("an old acceptance of another suggestion counts as a correction when a reason is added", () => {
  const old = entry("d1", { verdict: "accept", final: tag("phishing", "low") });
  expect(new Play([old]).act({ do: "reason", reason: "duplicate" }).saves[0]).toMatchObject({
    verdict: "correct",
    final: { threatType: "phishing", severity: "low" },
  });
});

test("undo goes back step by step, names what it takes back, and says when there is nothing more", () => {
  const play = new Play().act({ do: "accept" }).saved().act({ do: "reject" }).saved();
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
  const play = new Play([...many, lead]);
  expect(shown(play)).toMatchObject({ undoable: 20, ruling: { name: "Ada", tag: { threatType: "phishing", severity: "low" } } });
  expect(play.act({ do: "undo" }).saves[0]?.supersedes).toBe("d24");
  expect(shown(new Play([lead])).mine).toBeNull();
});

test("saying the same again saves nothing, and is said to be saved", () => {
  const play = new Play().act({ do: "accept" }).saved();
  const { n } = shown(play).news;
  play.act({ do: "accept" });
  expect(play.saves).toHaveLength(1);
  expect(shown(play).news).toEqual({ n: n + 1, code: "saved", detail: "" });
});

test("while a save runs further ones wait, and build on it", () => {
  const play = new Play().act({ do: "accept" }).act({ do: "accept" }).act({ do: "reject" }).act({ do: "undo" });
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

test("an acceptance that waits is of the tag that was seen, whatever is suggested when its turn comes", () => {
  const play = new Play().act({ do: "reject" }).act({ do: "accept" });
  play.send({ kind: "read", reading: { ...reading, suggestion: { ...suggestion, threatType: "phishing" } } }).saved();
  expect(play.saves[1]).toMatchObject({ verdict: "correct", final: { threatType: "malware", severity: "high" } });
});

test("a failed save is kept: the same wish tries again, another one is done after it", () => {
  const play = new Play().act({ do: "accept" }).failed();
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
  const play = new Play().act({ do: "accept" }).saved().act({ do: "reject" }).saved().act({ do: "undo" }).failed();
  play.act({ do: "undo" }).saved();
  expect(play.saves).toHaveLength(3);
  play.act({ do: "undo" }).saved();
  expect(shown(play).undoable).toBe(0);
});

test("what can never be saved is given up, with all that was meant on top of it", () => {
  const play = new Play().act({ do: "accept" }).act({ do: "undo" }).failed(true);
  expect(play.machine.pending).toBeNull();
  expect(play.machine.queue).toEqual([]);
  play.act({ do: "reject" });
  expect(play.saves[1]).toMatchObject({ verdict: "reject", supersedes: null });
});

test("spans: choose, move edges by word and letter, relabel, remove, save as one decision", () => {
  const play = new Play().act({ do: "menu", menu: "spans" });
  expect(shown(play)).toMatchObject({ menu: "spans", selected: 0, unsavedSpans: false });
  play.act({ do: "select-span", index: 2 });
  const move = (edge: "start" | "end", by: -1 | 1, unit: "word" | "character") => play.act({ do: "move-edge", edge, by, unit });
  const quote = () => shown(play).spans[2]?.quote;
  expect(quote()).toBe("FS-02");
  move("end", 1, "word");
  expect(quote()).toBe("FS-02 and");
  move("start", -1, "word");
  expect(quote()).toBe("on FS-02 and");
  move("start", 1, "character");
  expect(quote()).toBe("n FS-02 and");
  move("end", -1, "character");
  expect(quote()).toBe("n FS-02 an");
  play.act({ do: "label-span", label: "Organization" }).act({ do: "select-span", index: 0 }).act({ do: "remove-span" });
  expect(play.saves).toEqual([]);
  expect(shown(play)).toMatchObject({ unsavedSpans: true, selected: 0 });
  play.act({ do: "save-spans" });
  expect(play.saves).toHaveLength(1);
  expect(play.saves[0]).toMatchObject({ verdict: "add", final: { threatType: null, severity: null } });
  expect(play.saves[0]?.final?.spans.map(({ quote: words, label, source }) => [words, label, source])).toEqual([
    ["mimikatz", "Tool", "model"],
    ["n FS-02 an", "Organization", "human"],
  ]);
  expect(shown(play).unsavedSpans).toBe(true);
  expect(shown(play.saved()).unsavedSpans).toBe(false);
});

test("spans on top of a decision keep its tag; a decision on top of unsaved spans takes them along", () => {
  const play = new Play().act({ do: "accept" }).saved().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" });
  play.act({ do: "save-spans" });
  expect(play.saves[1]).toMatchObject({ verdict: "accept", supersedes: "d1", final: { threatType: "malware", severity: "high" } });
  expect(play.saves[1]?.final?.spans).toHaveLength(2);
  play.saved().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "reject" });
  expect(play.saves[2]?.final?.spans).toHaveLength(1);
});

test("an edge stops at its other edge, at a neighbour, and at the ends of the text", () => {
  const play = new Play().act({ do: "menu", menu: "spans" }).act({ do: "select-span", index: 1 });
  const move = (edge: "start" | "end", by: -1 | 1, unit: "word" | "character") => play.act({ do: "move-edge", edge, by, unit });
  move("start", -1, "word");
  move("start", -1, "character");
  move("end", -1, "word");
  expect(shown(play)).toMatchObject({ unsavedSpans: false });
  for (let n = 0; n < 9; n++) move("end", 1, "word");
  expect(shown(play).spans[1]?.quote).toBe("mimikatz ran on");
});

test("a selection becomes a span at once; what it overlaps gives way; without one it is said", () => {
  const play = new Play().act({ do: "add-span", label: "System" }, placeOf("description", "FS-02 and FS-03"));
  expect(play.saves[0]).toMatchObject({ verdict: "add", final: { threatType: null } });
  expect(play.saves[0]?.final?.spans.map(({ quote }) => quote)).toEqual(["evil.example", "mimikatz", "FS-02 and FS-03"]);
  play.saved().act({ do: "add-span", label: "System" });
  expect(news(play)).toBe("no-selection");
  expect(play.saves).toHaveLength(1);
});

test("Escape's discarding says so; undo discards edits first; closing the menu keeps them", () => {
  const play = new Play().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "menu", menu: "closed" });
  expect(shown(play)).toMatchObject({ menu: "closed", unsavedSpans: true });
  play.act({ do: "undo" });
  expect(shown(play)).toMatchObject({ unsavedSpans: false, news: { code: "spans-discarded" } });
  expect(shown(play).spans).toHaveLength(3);
  play.act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "discard-spans" });
  expect(news(play)).toBe("spans-discarded");
  const { n } = shown(play).news;
  expect(shown(play.act({ do: "discard-spans" })).news.n).toBe(n);
});

test("edits made while others are saved stay unsaved; those that failed stay too", () => {
  const play = new Play().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "save-spans" });
  play.act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).saved();
  expect(shown(play)).toMatchObject({ unsavedSpans: true });
  expect(shown(play).spans).toHaveLength(1);
  play.act({ do: "save-spans" }).failed();
  expect(shown(play)).toMatchObject({ unsavedSpans: true });
  play.act({ do: "save-spans" });
  expect(play.effects.at(-1)).toEqual({ do: "again" });
  expect(shown(play.saved())).toMatchObject({ unsavedSpans: false });
});

test("edited and decided spans move with the page's text, also in a history that was asked for before the edit", () => {
  const play = new Play().act({ do: "add-span", label: "System" }, placeOf("description", "FS-03"));
  const later = new Map([...texts, ["description", `Note: ${texts.get("description")}`]]);
  const moved = reading.suggested.map((span) => (span.block === "title" ? span : { ...span, start: span.start + 6, end: span.end + 6 }));
  play.send({ kind: "read", reading: { ...reading, texts: later, suggested: moved } });
  const quotes = () => shown(play).spans.map(({ block, start, end }) => later.get(block)?.slice(start, end));
  expect(quotes()).toEqual(["evil.example", "mimikatz", "FS-02", "FS-03"]);
  const decided = play.saves[0];
  if (!decided) throw new Error("Nothing was saved");
  play.send({ kind: "saved", history: [entry("d1", decided)], texts });
  expect(shown(play)).toMatchObject({ unsavedSpans: false });
  expect(quotes()).toEqual(["evil.example", "mimikatz", "FS-02", "FS-03"]);
});

test("a block that is away for a moment keeps its edited spans", () => {
  const play = new Play()
    .act({ do: "menu", menu: "spans" })
    .act({ do: "select-span", index: 1 })
    .act({ do: "label-span", label: "Malware" });
  const without = new Map([["title", texts.get("title") ?? ""]]);
  play.send({ kind: "read", reading: { ...reading, texts: without, suggested: [spanOf("title", "evil.example", "domain")] } });
  expect(shown(play).spans).toHaveLength(1);
  play.act({ do: "menu", menu: "spans" }).act({ do: "label-span", label: "Indicator" });
  play.send({ kind: "read", reading });
  expect(shown(play).spans.map(({ label }) => label)).toEqual(["Indicator", "Malware", "System"]);
});

test("disarming closes menus and keeps edits", () => {
  const play = new Play().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "arm", armed: false });
  expect(play.effects.at(-1)).toEqual({ do: "arm", armed: false });
  expect(shown(play)).toMatchObject({ armed: false, menu: "closed", unsavedSpans: true, news: { code: "disarmed" } });
});

test("nothing is shown or done before the background has told settings and history", () => {
  const play = new Play();
  play.machine = { ...play.machine, history: null };
  expect(reviewState(play.act({ do: "accept" }).machine)).toBeNull();
  expect(play.effects).toEqual([]);
});
