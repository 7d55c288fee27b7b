// What chip and badge say for each state.
import { expect, test } from "vitest";
import { badgeOf } from "../../extension/badge.ts";
import type { Suggestion } from "../../shared/contract.ts";
import { chipText, likelihood } from "../../shared/words.ts";

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
const problem = { code: "missing", message: "The model file is missing. Install SecTag again." } as const;
const badge = (change: Partial<Suggestion>) =>
  badgeOf({ state: "tagged", ticket: suggestion.ticket, suggestion: { ...suggestion, ...change }, unpainted: 0, review: null });

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
  expect(badgeOf({ state: "unreadable", ticket: null, reason: "No title" }).text).toBe("–");
  expect(badgeOf({ state: "left" }).text).toBe("");
});
