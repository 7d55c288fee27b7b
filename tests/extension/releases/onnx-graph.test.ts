// The graph check: the packaged models pass, and anything that they do not have is refused.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PbfWriter } from "pbf";
import { expect, test } from "vitest";
import { allowedOps, graphProblem, readGraph } from "../../../extension/releases/onnx-graph.ts";
import { stableModelFolder } from "../../../scripts/node-model.ts";
import { release } from "./lab.ts";

const paths = ["onnx/model_int8.onnx", "onnx/model_q4.onnx"];
const { manifest, bytes } = release();
const [tiny = new Uint8Array()] = paths.map((path) => bytes.get(path));
const signed = manifest.graphs["onnx/model_int8.onnx"] ?? { opset: 0, ops: {}, inputs: [], outputs: [] };

test("the packaged models pass, and between them they have every allowed operator", () => {
  const used = new Set<string>();
  for (const folder of [stableModelFolder(), join(stableModelFolder(), "..", "tiny")])
    for (const path of paths) {
      const weights = readFileSync(join(folder, path));
      const { ops, opset, inputs, outputs } = readGraph(weights);
      for (const name of Object.keys(ops)) used.add(name);
      expect(graphProblem(weights, { ops, opset, inputs, outputs })).toBeNull();
    }
  expect([...allowedOps].filter((name) => !used.has(name))).toEqual([]);
});

test("what Python's onnx counts is what is counted here", () => {
  for (const [path, graph] of Object.entries(manifest.graphs)) expect(graphProblem(bytes.get(path) ?? new Uint8Array(), graph)).toBeNull();
});

/** More fields for a protobuf message are appended bytes. */
function withMore(write: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  write(pbf);
  const more = pbf.finish();
  const whole = new Uint8Array(tiny.length + more.length);
  whole.set(tiny);
  whole.set(more, tiny.length);
  return whole;
}
const inGraph = (write: (pbf: PbfWriter) => void) => withMore((pbf) => pbf.writeMessage(7, (_, graph) => write(graph), null));
const node = (op: string, domain = "", attribute?: (pbf: PbfWriter) => void) =>
  inGraph((graph) =>
    graph.writeMessage(
      1,
      (_, pbf) => {
        pbf.writeStringField(4, op);
        if (attribute) pbf.writeMessage(5, (_, inner) => attribute(inner), null);
        if (domain) pbf.writeStringField(7, domain);
      },
      null,
    ),
  );

test("another operator, domain, function, inner graph or outside data is refused", () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ["operator", node("Loop"), /uses Loop/],
    ["operator of a domain", node("MatMul", "com.example"), /com\.example\.MatMul/],
    ["a name of every object", node("constructor"), /uses constructor/],
    ["the name of a prototype", node("__proto__"), /uses __proto__/],
    ["one node more", node("MatMul"), /another graph/],
    ["functions", withMore((pbf) => pbf.writeMessage(25, () => undefined, null)), /functions/],
    ["training", withMore((pbf) => pbf.writeMessage(20, () => undefined, null)), /training/],
    ["inner graph", node("MatMul", "", (pbf) => pbf.writeMessage(6, () => undefined, null)), /graphs inside/],
    ["sparse", inGraph((pbf) => pbf.writeMessage(15, () => undefined, null)), /sparse/],
    ["outside data", inGraph((pbf) => pbf.writeMessage(5, (_, tensor) => tensor.writeVarintField(14, 1), null)), /other files/],
    [
      "outside data of a constant",
      node("Constant", "", (pbf) => pbf.writeMessage(5, (_, t) => t.writeStringField(13, "x"), null)),
      /other files/,
    ],
    ["another input", inGraph((pbf) => pbf.writeMessage(11, (_, input) => input.writeStringField(1, "url"), null)), /inputs or outputs/],
    ["another output", inGraph((pbf) => pbf.writeMessage(12, (_, output) => output.writeStringField(1, "ids"), null)), /inputs or outputs/],
    ["another opset", withMore((pbf) => pbf.writeMessage(8, (_, opset) => opset.writeVarintField(2, 99), null)), /another graph/],
  ];
  for (const [name, weights, reason] of cases)
    expect({ name, problem: graphProblem(weights, signed) }).toEqual({ name, problem: expect.stringMatching(reason) });
});

test("bytes that are no model, and every model cut short, are refused without a crash", () => {
  expect(graphProblem(new Uint8Array(), signed)).toMatch(/0 nodes/);
  expect(graphProblem(new TextEncoder().encode("<!doctype html>"), signed)).not.toBeNull();
  expect(graphProblem(new Uint8Array(1000).fill(0xff), signed)).not.toBeNull();
  const passed: number[] = [];
  // A cut inside the last tensor leaves the same nodes: the hash of the file is what finds it.
  for (let length = 0; length < tiny.length / 2; length += 997) if (!graphProblem(tiny.subarray(0, length), signed)) passed.push(length);
  expect(passed).toEqual([]);
});
