// Makes decisions as the extension sends them, for the tests of the API.
import { v7 } from "uuid";
import type { Decision } from "../../shared/decisions.ts";

/** @returns a valid decision: an accepted tag with one span; `changes` replace its parts. */
export function decision(changes: Partial<Decision> & { key?: string } = {}): Decision {
  const { key = "SEC-1", ...rest } = changes;
  return {
    kind: "decision",
    id: v7(),
    supersedes: null,
    ticket: { system: "jira-cloud", key, hash: "a".repeat(64), family: "b".repeat(16) },
    omitted: { blocks: 0, spans: 0, text: false },
    suggestion: {
      threatType: "phishing",
      severity: "high",
      confidence: 0.91,
      abstained: false,
      probabilities: null,
      severityProbabilities: null,
      modelVersion: "2026.48.1",
      backend: "wasm",
      tookMs: 120,
    },
    verdict: "accept",
    final: {
      threatType: "phishing",
      severity: "high",
      spans: [{ block: 1, start: 0, end: 4, label: "Malware", quote: "evil", source: "model" }],
    },
    reason: null,
    labelsVersion: 1,
    clientTime: "2026-11-25T10:00:00.000Z",
    dwellMs: 2500,
    blocks: [
      { role: "title", text: "Mail with a link" },
      { role: "description", text: "evil.example asks for a password" },
    ],
    ...rest,
  };
}
