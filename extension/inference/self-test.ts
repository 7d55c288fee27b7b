// Runs a model's golden cases and compares: whether this backend on this machine computes what the trainer's did.
import type { GoldenFile } from "../../shared/contract.ts";
import { decide } from "./decode.ts";
import type { SelfTestReport } from "./protocol.ts";
import type { ReadyModel } from "./read-passage.ts";
import { argMax, contentLength, pool, type WindowHeads, windowStarts } from "./windows.ts";

/** Calibrated confidence may differ by this much where the logits are within tolerance. */
const CONFIDENCE_TOLERANCE = 0.05;

/** @returns a report; `ok` only when ids, offsets, logits (within the file's tolerance) and every label agree. */
export async function selfTest(golden: GoldenFile, model: ReadyModel, onProgress?: (progress: number) => void): Promise<SelfTestReport> {
  const { tokenizer, config } = model;
  const tolerance = golden.tolerance[model.backend];
  const labels = config.entities.length;
  const report = { worst: 0, flips: 0, failures: [] as string[] };
  const fail = (name: string, what: string) => report.failures.push(`${name}: ${what}`);
  for (const [done, { name, text, inputIds, offsets, expected, answer }] of golden.cases.entries()) {
    onProgress?.(done / golden.cases.length);
    const wanted = expected[model.backend];
    const { ids, starts, ends } = tokenizer.encode(text);
    const content = contentLength(config.windows);
    const heads: WindowHeads[] = [];
    for (const [index, start] of windowStarts(ids.length, config.windows).entries()) {
      const window = [tokenizer.cls, ...ids.slice(start, start + content), tokenizer.sep];
      const logits = await model.runWindow(window);
      heads.push(logits);
      if (index > 0 || !wanted) continue;
      if (window.join() !== inputIds.join()) fail(name, "token ids differ");
      if (offsets.some(([from, to], token) => starts[token] !== from || ends[token] !== to)) fail(name, "offsets differ");
      const difference = Math.max(farthest(logits.threat, wanted.logits), farthest(logits.severity, wanted.severityLogits));
      report.worst = Math.max(report.worst, difference);
      if (!(difference <= tolerance)) fail(name, `logits differ by ${difference.toFixed(4)}`);
      // Where two labels are nearer to each other than the tolerance, rounding decides, and either is right.
      const flips = wanted.entityLabels.filter((label, token) => {
        const row = logits.entity.subarray(token * labels, (token + 1) * labels);
        return !((row[argMax(row)] ?? Number.NaN) - (row[label] ?? Number.NaN) <= tolerance);
      });
      report.flips += flips.length;
      if (flips.length > 0) fail(name, `${flips.length} token labels differ`);
    }
    if (!wanted) fail(name, `nothing is expected of ${model.backend}`);
    // The golden answer is the WASM file's; another file of the model may be less or more sure.
    if (model.backend !== "wasm") continue;
    const decision = decide(pool(heads, config.windows.beta, model.threatTypes.indexOf("benign")), model.threatTypes, config);
    if (decision.threatType !== answer.threatType || decision.severity !== answer.severity) {
      report.flips++;
      fail(name, "the pooled answer differs");
    }
    if (Math.abs(decision.confidence - answer.confidence) > CONFIDENCE_TOLERANCE) fail(name, "the confidence differs");
  }
  return { ok: report.failures.length === 0, cases: golden.cases.length, tolerance, ...report };
}

function farthest(found: ArrayLike<number>, wanted: readonly number[]): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return wanted.reduce((most, value, index) => Math.max(most, Math.abs((found[index] ?? Number.NaN) - value)), 0);
}
