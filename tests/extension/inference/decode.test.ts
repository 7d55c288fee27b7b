// From numbers to labels: BIO with repair, scores, thresholds, borders; the decision with "not sure".
import { describe, expect, it } from "vitest";
import { decide, decodeSpans } from "../../../extension/inference/decode.ts";
import { threatTypeIds } from "../../../shared/labels.ts";
import { bio, config, tokenizer } from "./fake-model.ts";

/** One row a token; `labels` names the arg-max of each, with logit 6 (or another) against zeros. */
function spansOf(text: string, labels: (string | [string, number])[], breaks: number[] = []) {
  const encoding = tokenizer.encode(text);
  expect(encoding.ids).toHaveLength(labels.length);
  const rows = new Float32Array(labels.length * bio.length);
  for (const [token, entry] of labels.entries()) {
    const [label, logit] = typeof entry === "string" ? [entry, 6] : entry;
    rows[token * bio.length + bio.indexOf(label)] = logit;
  }
  return decodeSpans(text, encoding, labels.length, rows, config, breaks).map(({ start, end, label }) => [label, text.slice(start, end)]);
}

describe("decodeSpans", () => {
  it("joins B and I, and begins a span at an I without B", () => {
    expect(spansOf("a b c d", ["B-Tool", "I-Tool", "O", "I-System"])).toEqual([
      ["Tool", "a b"],
      ["System", "d"],
    ]);
  });

  it("begins anew at B and at another label's I", () => {
    expect(spansOf("a b c", ["B-Tool", "B-Tool", "I-System"])).toEqual([
      ["Tool", "a"],
      ["Tool", "b"],
      ["System", "c"],
    ]);
  });

  it("gives a word the label of its first sub-word, whatever the others say", () => {
    expect(spansOf("ab c", ["B-Tool", "I-System", "O"])).toEqual([["Tool", "ab"]]);
  });

  it("drops spans of low score and spans without a letter or digit", () => {
    expect(spansOf("a ! b", [["B-Tool", 0.5], "B-Tool", "B-Tool"])).toEqual([["Tool", "b"]]);
  });

  it("crosses no border", () => {
    expect(spansOf("a\nb c", ["B-Tool", "I-Tool", "I-Tool"], [2])).toEqual([
      ["Tool", "a"],
      ["Tool", "b c"],
    ]);
  });

  it("finds nothing in nothing", () => {
    expect(spansOf("", [])).toEqual([]);
  });
});

describe("decide", () => {
  const pooled = (best: number) => ({ threat: threatTypeIds.map((id) => (id === "malware" ? best : 0)), severity: [0, 0, 0, 3] });

  it("names the best class with calibrated probabilities that sum to 1", () => {
    const decision = decide(pooled(6), threatTypeIds, config);
    expect(decision).toMatchObject({ threatType: "malware", severity: "critical", abstained: false });
    expect(Object.values(decision.probabilities).reduce((a, b) => a + b)).toBeCloseTo(1);
    expect(Object.values(decision.severityProbabilities).reduce((a, b) => a + b)).toBeCloseTo(1);
  });

  it("abstains below the class' threshold and still says what is nearest", () => {
    expect(decide(pooled(2), threatTypeIds, config)).toMatchObject({ threatType: "malware", abstained: true });
  });

  it("a higher temperature is less sure", () => {
    const hot = { ...config, temperatures: { ...config.temperatures, threatType: 3 } };
    expect(decide(pooled(6), threatTypeIds, hot).confidence).toBeLessThan(decide(pooled(6), threatTypeIds, config).confidence);
  });
});
