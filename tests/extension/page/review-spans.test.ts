// The spans of a review: edited by hand, decided, carried along by texts that change, and never lost without a word.
import { expect, test } from "vitest";
import { reviewState } from "../../../extension/page/review-state.ts";
import type { ReviewState } from "../../../shared/review.ts";
import { entry, type Play, placeOf, playOn, reading, spanOf, tag, texts } from "./review-lab.ts";

const shown = (play: Play): ReviewState => {
  const state = reviewState(play.machine);
  if (!state) throw new Error("Nothing is shown");
  return state;
};
const news = (play: Play) => shown(play).news.code;

test("spans: choose, move edges by word and letter, relabel, remove, save as one decision", () => {
  const play = playOn().act({ do: "menu", menu: "spans" });
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
  const play = playOn().act({ do: "accept" }).saved().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" });
  play.act({ do: "save-spans" });
  expect(play.saves[1]).toMatchObject({ verdict: "accept", supersedes: "d1", final: { threatType: "malware", severity: "high" } });
  expect(play.saves[1]?.final?.spans).toHaveLength(2);
  play.saved().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "reject" });
  expect(play.saves[2]?.final?.spans).toHaveLength(1);
});

test("an edge stops at its other edge, at a neighbour, and at the ends of the text", () => {
  const play = playOn().act({ do: "menu", menu: "spans" }).act({ do: "select-span", index: 1 });
  const move = (edge: "start" | "end", by: -1 | 1, unit: "word" | "character") => play.act({ do: "move-edge", edge, by, unit });
  move("start", -1, "word");
  move("start", -1, "character");
  move("end", -1, "word");
  expect(shown(play)).toMatchObject({ unsavedSpans: false });
  for (let n = 0; n < 9; n++) move("end", 1, "word");
  expect(shown(play).spans[1]?.quote).toBe("mimikatz ran on");
});

test("a selection becomes a span at once; what it overlaps gives way; without one it is said", () => {
  const play = playOn().act({ do: "add-span", label: "System" }, placeOf("description", "FS-02 and FS-03"));
  expect(play.saves[0]).toMatchObject({ verdict: "add", final: { threatType: null } });
  expect(play.saves[0]?.final?.spans.map(({ quote }) => quote)).toEqual(["evil.example", "mimikatz", "FS-02 and FS-03"]);
  play.saved().act({ do: "add-span", label: "System" });
  expect(news(play)).toBe("no-selection");
  expect(play.saves).toHaveLength(1);
});

test("Escape's discarding says so; undo discards edits first; closing the menu keeps them", () => {
  const play = playOn().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "menu", menu: "closed" });
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
  const play = playOn().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "save-spans" });
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
  const play = playOn().act({ do: "add-span", label: "System" }, placeOf("description", "FS-03"));
  const later = new Map([...texts, ["description", `Note: ${texts.get("description")}`]]);
  const moved = reading.suggested.map((span) => (span.block === "title" ? span : { ...span, start: span.start + 6, end: span.end + 6 }));
  play.send({ kind: "read", reading: { ...reading, texts: later, suggested: moved } });
  const quotes = () => shown(play).spans.map(({ block, start, end }) => later.get(block)?.slice(start, end));
  expect(quotes()).toEqual(["evil.example", "mimikatz", "FS-02", "FS-03"]);
  const decided = play.saves[0];
  if (!decided) throw new Error("Nothing was saved");
  play.send({ kind: "saved", id: "d1", history: [entry("d1", decided)], texts });
  expect(shown(play)).toMatchObject({ unsavedSpans: false });
  expect(quotes()).toEqual(["evil.example", "mimikatz", "FS-02", "FS-03"]);
});

test("what the page adds after a decision or an edit is marked as suggested: a new comment, a new part of a text", () => {
  const lure = { ...spanOf("title", "evil.example", "domain", "rule"), block: "comment", start: 0, end: 12 };
  const longer = `${texts.get("description")}, and mimikatz again`;
  const start = longer.lastIndexOf("mimikatz");
  const again = { ...spanOf("description", "mimikatz"), start, end: start + 8 };
  const later = {
    ...reading,
    texts: new Map([...texts, ["description", longer], ["comment", "evil.example came back"]]),
    suggested: [...reading.suggested, again, lure],
  };
  const quotes = (play: Play) => shown(play).spans.map(({ block, quote }) => `${block} ${quote}`);
  const edited = playOn().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" });
  const decided = playOn().act({ do: "menu", menu: "spans" }).act({ do: "remove-span" }).act({ do: "save-spans" }).saved();
  for (const play of [edited, decided]) {
    play.send({ kind: "read", reading: later });
    expect(quotes(play)).toEqual(["description mimikatz", "description FS-02", "description mimikatz", "comment evil.example"]);
  }
  edited.act({ do: "save-spans" });
  expect(edited.saves[0]?.final?.spans).toHaveLength(4);
});

test("a comment of which an older decision says nothing keeps its suggested spans; a description that was cleared stays clear", () => {
  const decided = entry("d1", { verdict: "accept", final: tag("malware", "high") });
  const quotes = (late: string[]) => shown(playOn([decided], { ...reading, lateOrLeftOut: new Set(late) })).spans.map(({ quote }) => quote);
  expect(quotes([])).toEqual([]);
  expect(quotes(["title"])).toEqual(["evil.example"]);
});

test("a comment that was cleared of its marks stays clear on the next visit, as long as its text is the same", () => {
  const decided = (judged: string[]) => entry("d1", { verdict: "accept", final: tag("malware", "high"), judged });
  const quotes = (judged: string[]) =>
    shown(playOn([decided(judged)], { ...reading, lateOrLeftOut: new Set(["title"]) })).spans.map(({ quote }) => quote);
  expect(quotes(["title"])).toEqual([]);
  expect(quotes(["description"])).toEqual(["evil.example"]);
});

test("spans that the store does not keep stay marked while the page lives", () => {
  const play = playOn().act({ do: "add-span", label: "System" }, placeOf("title", "Odd mail"));
  const [decided] = play.saves;
  if (!decided?.final) throw new Error("Nothing was saved");
  const kept = decided.final.spans.filter(({ block }) => block !== "title");
  play.send({ kind: "saved", id: "d1", history: [entry("d1", { ...decided, final: { ...decided.final, spans: kept } })], texts });
  expect(shown(play)).toMatchObject({ unsavedSpans: false });
  expect(shown(play).spans.map(({ quote }) => quote)).toEqual(["Odd mail", "evil.example", "mimikatz", "FS-02"]);
});

test("a block that is away for a moment keeps its edited spans", () => {
  const play = playOn().act({ do: "menu", menu: "spans" }).act({ do: "select-span", index: 1 }).act({ do: "label-span", label: "Malware" });
  const without = new Map([["title", texts.get("title") ?? ""]]);
  play.send({ kind: "read", reading: { ...reading, texts: without, suggested: [spanOf("title", "evil.example", "domain")] } });
  expect(shown(play).spans).toHaveLength(1);
  play.act({ do: "menu", menu: "spans" }).act({ do: "label-span", label: "Indicator" });
  play.send({ kind: "read", reading });
  expect(shown(play).spans.map(({ label }) => label)).toEqual(["Indicator", "Malware", "System"]);
});

test("what a decision cannot say stays as suggested: spans of restricted blocks, and those behind the longest list", () => {
  const [, mimikatz] = reading.suggested;
  const decided = entry("d1", { verdict: "accept", final: tag("malware", "high", mimikatz ? [mimikatz] : []) });
  const quotes = (play: Play) => shown(play).spans.map(({ quote }) => quote);
  expect(quotes(playOn([decided]))).toEqual(["mimikatz"]);
  expect(quotes(playOn([decided], { ...reading, lateOrLeftOut: new Set(["title"]) }))).toEqual(["evil.example", "mimikatz"]);
  const words = new Map([["title", "evil ".repeat(300)]]);
  const spans = Array.from({ length: 300 }, (_, n) => ({ ...spanOf("title", "evil"), start: n * 5, end: n * 5 + 4 }));
  const long = entry("d1", { verdict: "accept", final: tag("malware", "high", spans.slice(1, 201)) });
  const play = playOn([long], { ...reading, texts: words, suggested: spans });
  expect(shown(play).spans).toHaveLength(299);
  expect(play.act({ do: "accept" }).saves).toEqual([]);
});
