// States of a review and a report that tests and pictures start from.
import type { Suggestion } from "../../../shared/contract.ts";
import type { Decision } from "../../../shared/decisions.ts";
import type { ModelView } from "../../../shared/model-run.ts";
import { defaultKeys, type PageReport, type ReviewSpan, type ReviewState } from "../../../shared/review.ts";

/** A release on trial, with a newer one refused. */
export const modelView: ModelView = {
  channel: "stable",
  running: { counter: 7, version: "2026.49.1", scans: 12, gate: "Macro-F1 81.4 to 82.9 % on 379 tickets." },
  before: null,
  pin: null,
  look: { code: "altered", detail: "config.json is not the file that was signed", version: "2026.50.1", counter: 8, at: 0 },
  progress: null,
  refused: null,
  own: 12,
};

export const at = "2026-11-25T10:15:00Z";
export const ticket = { system: "jira-cloud", key: "SOC-7" } as const;

export const suggestion: Suggestion = {
  ticket,
  contentHash: "0".repeat(64),
  modelVersion: "2026.48.1",
  backend: "wasm",
  threatType: "phishing",
  severity: "high",
  confidence: 0.923,
  abstained: false,
  probabilities: {
    benign: 0.01,
    vulnerability: 0.005,
    phishing: 0.923,
    malware: 0.031,
    ransomware: 0.002,
    credential_attack: 0.022,
    exploitation: 0.001,
    intrusion: 0.001,
    denial_of_service: 0.001,
    insider_misuse: 0.001,
    data_exposure: 0.001,
    lost_stolen_asset: 0.001,
    device_tampering: 0.001,
  },
  severityProbabilities: { low: 0.05, medium: 0.2, high: 0.7, critical: 0.05 },
  blocks: [
    {
      id: "title",
      spans: [{ start: 0, end: 20, label: "AttackPattern", quote: "Credential phishing ", source: "model", score: 0.81 }],
    },
    {
      id: "description",
      spans: [
        {
          start: 4,
          end: 30,
          label: "url",
          quote: "hxxps://login-m365[.]top/a",
          source: "rule",
          score: 1,
          refanged: "https://login-m365.top/a",
        },
        { start: 40, end: 53, label: "Organization", quote: "Accounts desk", source: "model", score: 0.66 },
      ],
    },
  ],
  truncated: false,
  modelCalls: 1,
  tookMs: 61,
  problem: null,
};

export const spans: ReviewSpan[] = suggestion.blocks.flatMap(({ id, spans: found }) =>
  found.map(({ start, end, label, quote, source }) => ({ block: id, start, end, label, quote, source })),
);

export function state(change: Partial<ReviewState> = {}): ReviewState {
  return {
    armed: false,
    keys: defaultKeys,
    menu: "closed",
    pendingType: null,
    mine: null,
    ruling: null,
    undoable: 0,
    spans,
    selected: null,
    unsavedSpans: false,
    news: { n: 0, code: "none", detail: "" },
    ...change,
  };
}

export const news = (code: ReviewState["news"]["code"], detail = "", n = 1): ReviewState["news"] => ({ n, code, detail });
export const tag = { threatType: "malware", severity: "medium" } as const;
export const mine = (change: Partial<NonNullable<ReviewState["mine"]>> = {}): ReviewState["mine"] => ({
  verdict: "correct",
  tag,
  reason: null,
  sync: "local",
  at,
  ...change,
});

export const tagged = (review: ReviewState | null, change: Partial<Suggestion> = {}): PageReport & { state: "tagged" } => ({
  state: "tagged",
  ticket,
  suggestion: { ...suggestion, ...change },
  unpainted: 0,
  review,
});

/** The states that a person can meet, by name. */
export const named: Record<string, ReviewState> = {
  open: state(),
  armed: state({ armed: true }),
  accepted: state({
    armed: true,
    mine: mine({ verdict: "accept", tag: { threatType: "phishing", severity: "high" }, sync: "stored" }),
    undoable: 1,
    news: news("saved"),
  }),
  saving: state({ armed: true, mine: mine(), undoable: 2, news: news("saving") }),
  corrected: state({ armed: true, mine: mine({ sync: "pending" }), undoable: 2, news: news("saved") }),
  explained: state({ mine: mine({ reason: "wrong_type", sync: "rejected" }), undoable: 2, news: news("saved") }),
  rejected: state({ mine: mine({ verdict: "reject", tag: { threatType: null, severity: null } }), undoable: 1 }),
  failed: state({ armed: true, news: news("failed", "The disk is full: free some space, then save again.") }),
  ruled: state({ mine: mine({ sync: "stored" }), ruling: { tag: { threatType: "phishing", severity: "critical" }, name: "Kim Lead", at } }),
  type: state({ armed: true, menu: "type" }),
  severity: state({ armed: true, menu: "severity" }),
  "severity-of-type": state({ armed: true, menu: "severity-of-type", pendingType: "malware" }),
  reason: state({ armed: true, menu: "reason", mine: mine(), undoable: 1 }),
  spans: state({ armed: true, menu: "spans", selected: 1 }),
  "spans-changed": state({ menu: "spans", selected: 0, unsavedSpans: true }),
  "spans-none": state({ menu: "spans", spans: [], news: news("no-selection") }),
};

export const decision: Decision = {
  kind: "decision",
  id: "019ac0de-0000-7000-8000-000000000001",
  supersedes: null,
  ticket: { ...ticket, hash: "a".repeat(64), family: "b".repeat(16) },
  omitted: { blocks: 1, spans: 2, text: false },
  suggestion: {
    threatType: "phishing",
    severity: "high",
    confidence: 0.923,
    abstained: false,
    probabilities: null,
    severityProbabilities: null,
    modelVersion: "2026.48.1",
    backend: "wasm",
    tookMs: 61,
  },
  verdict: "accept",
  final: {
    threatType: "phishing",
    severity: "high",
    spans: [{ block: 0, start: 0, end: 10, label: "AttackPattern", quote: "Credential", source: "model" }],
  },
  reason: null,
  labelsVersion: 1,
  clientTime: at,
  dwellMs: 4200,
  blocks: [
    { role: "title", text: "Credential phishing at the accounts desk" },
    { role: "description", text: "Mail from [email] asked [user] to call [phone], link https://login-m365.top/a[query]" },
  ],
};
