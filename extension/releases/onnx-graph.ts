// Reads what an ONNX file computes, without running it, and allows only the operators that the packaged model has: data may come from outside, logic not.
import { PbfReader } from "pbf";
import type { ReleaseGraph } from "../../shared/release.ts";

/** Operators of the packaged models; a test compares. Others need a new version of the extension. */
export const allowedOps: ReadonlySet<string> = new Set([
  ...["Add", "Cast", "Clip", "Concat", "Constant", "DequantizeLinear", "Div", "DynamicQuantizeLinear", "Erf", "Gather", "Gemm"],
  ...["Identity", "LayerNormalization", "MatMul", "MatMulInteger", "Mul", "ReduceSum", "Reshape", "Shape", "Slice", "Softmax"],
  ...["Sub", "Transpose", "Unsqueeze", "com.microsoft.GatherBlockQuantized", "com.microsoft.MatMulNBits"],
]);
const inputs = ["attention_mask", "input_ids", "token_type_ids"];
const outputs = ["entity_logits", "logits", "severity_logits"];
const mostNodes = 5000;
const mostTensors = 5000;

export interface OnnxGraph {
  /** Version of the standard operators. */
  opset: number;
  ops: Record<string, number>;
  inputs: string[];
  outputs: string[];
  tensors: number;
  /** Things that no graph of ours has: functions, graphs inside nodes, data in other files. */
  foreign: string[];
}

/** Field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. @throws Error when these bytes are no ONNX file. */
export function readGraph(bytes: Uint8Array): OnnxGraph {
  // Without a prototype: an operator of any name, also `__proto__`, is an entry of its own.
  const ops: Record<string, number> = Object.create(null);
  const graph: OnnxGraph = { opset: 0, ops, inputs: [], outputs: [], tensors: 0, foreign: [] };
  new PbfReader(bytes).readFields((tag, _, pbf) => {
    if (tag === 7) pbf.readMessage(readGraphField, graph);
    else if (tag === 8) {
      const { domain, version } = pbf.readMessage(readOpset, { domain: "", version: 0 });
      if (domain === "" || domain === "ai.onnx") graph.opset = version;
    } else if (tag === 20) graph.foreign.push("training");
    else if (tag === 25) graph.foreign.push("functions");
  }, graph);
  return graph;
}

/** Why a weights file may not be loaded; null when it is what was signed and nothing else than the packaged graph's kind. */
export function graphProblem(bytes: Uint8Array, signed: ReleaseGraph): string | null {
  let graph: OnnxGraph;
  try {
    graph = readGraph(bytes);
  } catch (error) {
    return `it is no ONNX file (${error instanceof Error ? error.message : String(error)})`;
  }
  const nodes = Object.values(graph.ops).reduce((sum, count) => sum + count, 0);
  const strange = Object.keys(graph.ops).filter((name) => !allowedOps.has(name));
  if (graph.foreign.length > 0) return `it holds ${[...new Set(graph.foreign)].join(", ")}`;
  if (strange.length > 0) return `it uses ${strange.slice(0, 5).join(", ")}, which the packaged model does not`;
  if (nodes === 0 || nodes > mostNodes || graph.tensors > mostTensors) return `it has ${nodes} nodes and ${graph.tensors} tensors`;
  if (graph.inputs.toSorted().join() !== inputs.join() || graph.outputs.toSorted().join() !== outputs.join())
    return "its inputs or outputs are not SecTag's";
  const same =
    Object.keys(signed.ops).length === Object.keys(graph.ops).length &&
    Object.entries(signed.ops).every(([name, n]) => graph.ops[name] === n);
  return same && signed.opset === graph.opset ? null : "it is another graph than the one that was signed";
}

function readOpset(tag: number, opset: { domain: string; version: number }, pbf: PbfReader): void {
  if (tag === 1) opset.domain = pbf.readString();
  else if (tag === 2) opset.version = pbf.readVarint();
}

function readGraphField(tag: number, graph: OnnxGraph, pbf: PbfReader): void {
  if (tag === 1) {
    const node = pbf.readMessage(readNode, { op: "", domain: "", graph });
    const name = node.domain === "" || node.domain === "ai.onnx" ? node.op : `${node.domain}.${node.op}`;
    graph.ops[name] = (graph.ops[name] ?? 0) + 1;
  } else if (tag === 5) pbf.readMessage(readTensor, graph);
  else if (tag === 11) graph.inputs.push(pbf.readMessage(readName, { name: "" }).name);
  else if (tag === 12) graph.outputs.push(pbf.readMessage(readName, { name: "" }).name);
  else if (tag === 15) graph.foreign.push("sparse tensors");
}

function readNode(tag: number, node: { op: string; domain: string; graph: OnnxGraph }, pbf: PbfReader): void {
  if (tag === 4) node.op = pbf.readString();
  else if (tag === 5) pbf.readMessage(readAttribute, node.graph);
  else if (tag === 7) node.domain = pbf.readString();
}

function readAttribute(tag: number, graph: OnnxGraph, pbf: PbfReader): void {
  if (tag === 5 || tag === 10) pbf.readMessage(readTensor, graph);
  else if (tag === 6 || tag === 11) graph.foreign.push("graphs inside nodes");
  else if (tag === 22 || tag === 23) graph.foreign.push("sparse tensors");
}

function readTensor(tag: number, graph: OnnxGraph, pbf: PbfReader): void {
  if (tag === 8) graph.tensors++;
  else if (tag === 13) graph.foreign.push("data in other files");
  else if (tag === 14 && pbf.readVarint() !== 0) graph.foreign.push("data in other files");
}

function readName(tag: number, value: { name: string }, pbf: PbfReader): void {
  if (tag === 1) value.name = pbf.readString();
}
