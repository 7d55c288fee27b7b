// The extension's own pipeline through onnxruntime-web equals what onnxruntime in Python answered (golden.json).
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { analyze } from "../../../extension/inference/analyze.ts";
import { memoryCache } from "../../../extension/inference/passage-cache.ts";
import { selfTest } from "../../../extension/inference/self-test.ts";
import { createSession } from "../../../extension/inference/session.ts";
import { type NodeModel, nodeRuntime, openModelFolder, stableModelFolder } from "../../../scripts/node-model.ts";

const folders = [...new Set([join(import.meta.dirname, "../../../models/tiny"), stableModelFolder()])];

describe.each(folders)("%s", (folder) => {
  let loaded: NodeModel;
  beforeAll(async () => {
    loaded = await openModelFolder(folder);
  }, 60_000);
  afterAll(() => loaded?.release());

  it("computes ids, offsets, logits, token labels and pooled answers as published", { timeout: 120_000 }, async () => {
    const report = await selfTest(loaded.golden, loaded.model);
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ ok: true, flips: 0, cases: loaded.golden.cases.length });
    expect(report.worst).toBeLessThanOrEqual(report.tolerance);
  });

  it("answers each golden text through the whole pipeline", { timeout: 120_000 }, async () => {
    for (const { text, answer } of loaded.golden.cases) {
      const request = { ticket: { system: "jira-cloud" as const, key: "A-1" }, blocks: [{ id: "d", role: "description" as const, text }] };
      const suggestion = await analyze(request, { model: loaded.model, cache: memoryCache(), now: () => performance.now() });
      expect(suggestion).toMatchObject({ threatType: answer.threatType, severity: answer.severity, problem: null });
      expect(Math.abs(suggestion.confidence - answer.confidence)).toBeLessThan(0.05);
    }
  });

  it("notices a network that computes something else", async () => {
    const wrong = async (ids: readonly number[]) => {
      const logits = await loaded.model.runWindow(ids);
      return { ...logits, threat: Array.from(logits.threat, (value) => -value) };
    };
    const cases = loaded.golden.cases.slice(0, 2);
    const report = await selfTest({ ...loaded.golden, cases }, { ...loaded.model, runWindow: wrong });
    expect(report.ok).toBe(false);
    expect(report.failures.join()).toContain("logits differ");
  });
});

describe("createSession", () => {
  it("refuses bytes that are no network", async () => {
    const making = createSession(await nodeRuntime(), new Uint8Array([1, 2, 3]), { backend: "wasm", entityLabels: 19 });
    await expect(making).rejects.toThrow();
  });
});
