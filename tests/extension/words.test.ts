// What chip and badge say for each state.
import { expect, test } from "vitest";
import { badgeOf } from "../../extension/badge.ts";
import { chipWords } from "../../extension/ui/tag-words.ts";
import type { Suggestion } from "../../shared/contract.ts";
import { defaultKeys, type ReviewState } from "../../shared/review.ts";
import { chipText, likelihood } from "../../shared/words.ts";
import { english, german } from "./ui/languages.ts";

const suggestion: Suggestion = {
  ticket: { system: "jira-cloud", key: "A-1" },
  contentHash: "0".repeat(64),
  modelVersion: "t",
  backend: "wasm",
  threatType: "phishing",
  severity: "high",
  confidence: 0.923,
  abstained: false,
  probabilities: null,
  severityProbabilities: null,
  blocks: [],
  truncated: false,
  modelCalls: 1,
  tookMs: 1,
  problem: null,
};
const openReview: ReviewState = {
  armed: false,
  keys: defaultKeys,
  menu: "closed",
  pendingType: null,
  mine: null,
  ruling: null,
  undoable: 0,
  spans: [],
  selected: null,
  unsavedSpans: false,
  news: { n: 0, code: "none", detail: "" },
};
const problem = { code: "missing", message: "The model file is missing. Install SecTag again." } as const;
const badge = (change: Partial<Suggestion>) =>
  badgeOf({ state: "tagged", ticket: suggestion.ticket, suggestion: { ...suggestion, ...change }, unpainted: 0, review: null }, english);

test("the chip says tag, likelihood and number", () => {
  expect(chipText(suggestion)).toBe("phishing_high · very likely 92 %");
  expect(chipText({ ...suggestion, abstained: true, confidence: 0.3 })).toBe("not sure · maybe phishing_high");
  expect(chipText({ ...suggestion, threatType: "benign", confidence: 0.8 })).toBe("benign · likely 80 %");
  expect(chipText({ ...suggestion, threatType: null, severity: null, problem })).toBe("rules only · no model");
});

test("likelihood words change at 90, 70 and 50 %", () => {
  expect([0.9, 0.89, 0.7, 0.69, 0.5, 0.49].map(likelihood)).toEqual([
    "very likely",
    "likely",
    "likely",
    "possible",
    "possible",
    "uncertain",
  ]);
});

test("the badge tells severity, doubt and failure apart, in text and not only in colour", () => {
  expect(badge({}).text).toBe("HIGH");
  expect(badge({ abstained: true }).text).toBe("?");
  expect(badge({ threatType: "benign" }).text).toBe("ok");
  expect(badge({ problem }).text).toBe("!");
  expect(badge({ problem }).title).toContain(problem.message);
  expect(badgeOf({ state: "unreadable", ticket: null, reason: "No title" }, english).text).toBe("–");
  expect(badgeOf({ state: "left" }, english).text).toBeUndefined();
});

test("a person's decision goes before the proposal on the badge", () => {
  const mine = {
    verdict: "correct",
    tag: { threatType: "malware", severity: "low" },
    reason: null,
    sync: "pending",
    at: "2026-11-25T10:00:00Z",
  } as const;
  const review: ReviewState = { ...openReview, mine };
  const report = { state: "tagged", ticket: suggestion.ticket, suggestion, unpainted: 0, review } as const;
  expect(badgeOf(report, english)).toMatchObject({
    text: "LOW",
    title: "SecTag: phishing_high · very likely 92 %. Corrected to malware_low · Saved here, waiting to be sent.",
  });
  expect(badgeOf(report, german).title).toBe(
    "SecTag: phishing_high · sehr wahrscheinlich 92 %. Korrigiert auf malware_low · Hier gespeichert, wird noch gesendet.",
  );
});

test("the interface's chip says in English what the command line says", () => {
  for (const change of [{}, { abstained: true }, { threatType: "benign" }, { threatType: null }, { threatType: null, problem }] as const) {
    const answer = { ...suggestion, ...change };
    expect(chipWords(english, answer)).toBe(chipText(answer));
  }
});

test("the badge's title says what could not be read", () => {
  const report = { state: "tagged", ticket: suggestion.ticket, suggestion, unpainted: 0, unread: 2, review: null } as const;
  expect(badgeOf(report, english).title).toContain("2 parts of this ticket could not be read");
  expect(badge({}).title).not.toContain("could not be read");
});
