// The contract refuses what it should, and its JSON Schema is not stale.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { contractSchema } from "../../scripts/gen.ts";
import { AnalyzeRequest, MAX_BLOCK_LENGTH, MAX_BLOCKS, ModelManifest, Span, ThreatRecord } from "../../shared/contract.ts";

test("contract.schema.json is what the contract generates", () => {
  expect(readFileSync(new URL("../../shared/contract.schema.json", import.meta.url), "utf8")).toBe(contractSchema());
});

const block = { id: "title", role: "title", text: "x" } as const;
const ticket = { system: "jira-cloud", key: "SOC-1" } as const;

test("a request with unknown fields, roles, systems or too much text is refused", () => {
  expect(AnalyzeRequest.safeParse({ ticket, blocks: [block] }).success).toBe(true);
  expect(AnalyzeRequest.safeParse({ ticket, blocks: [block], more: 1 }).success).toBe(false);
  expect(AnalyzeRequest.safeParse({ ticket, blocks: [{ ...block, role: "footer" }] }).success).toBe(false);
  expect(AnalyzeRequest.safeParse({ ticket: { ...ticket, system: "mail" }, blocks: [] }).success).toBe(false);
  expect(AnalyzeRequest.safeParse({ ticket, blocks: [{ ...block, text: "x".repeat(MAX_BLOCK_LENGTH + 1) }] }).success).toBe(false);
  expect(AnalyzeRequest.safeParse({ ticket, blocks: Array(MAX_BLOCKS + 1).fill(block) }).success).toBe(false);
});

test("spans have a known label, whole offsets and a quote", () => {
  const span = { start: 0, end: 3, label: "Malware", quote: "abc", source: "model", score: 0.5 };
  expect(Span.safeParse(span).success).toBe(true);
  for (const wrong of [{ label: "Nonsense" }, { start: -1 }, { end: 0.5 }, { quote: "" }, { score: 1.1 }, { source: "me" }])
    expect(Span.safeParse({ ...span, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
});

test("a manifest cannot name files outside its folder", () => {
  const manifest = {
    spec: 1,
    modelId: "sectag-minilm",
    version: "2026.48.1",
    created: "2026-11-23T00:00:00Z",
    labelsVersion: 1,
    licence: "CC-BY-SA-4.0",
    graph: { inputs: ["input_ids"], outputs: ["logits"], opset: 17 },
    files: [{ path: "onnx/model_int8.onnx", size: 1, sha256: "0".repeat(64), role: "weights-wasm" }],
  };
  expect(ModelManifest.safeParse(manifest).success).toBe(true);
  for (const path of ["../x", "/etc/passwd", "a\\b", "a/../b", "http://x", ""])
    expect(ModelManifest.safeParse({ ...manifest, files: [{ ...manifest.files[0], path }] }).success, path).toBe(false);
});

test("a threat record may carry other fields, but not an unknown label", () => {
  const record = { id: "a", source: "vcdb", text: "t", threat_type: "malware", severity: null, licence: "CC0-1.0" };
  expect(ThreatRecord.safeParse(record).success).toBe(true);
  expect(ThreatRecord.safeParse({ ...record, threat_type: "evil" }).success).toBe(false);
});
