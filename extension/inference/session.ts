// Runs the network: one ONNX session, one window of token ids in, raw logits out. Knows onnxruntime only by its types.
import type * as Ort from "onnxruntime-web";
import { severityIds, threatTypeIds } from "../../shared/labels.ts";
import type { WindowLogits } from "./windows.ts";

/** The part of onnxruntime-web that is used; `/wasm` and `/jspi` both have it. */
export type OrtRuntime = Pick<typeof Ort, "InferenceSession" | "Tensor">;

export interface Session {
  /** @param ids token ids of one window, [CLS] and [SEP] included. */
  run(ids: readonly number[]): Promise<WindowLogits>;
  release(): Promise<void>;
}

const INPUTS = ["input_ids", "attention_mask", "token_type_ids"] as const;
const OUTPUTS = ["logits", "severity_logits", "entity_logits"] as const;

/**
 * @param weights the ONNX file; onnxruntime copies it, the caller should drop it.
 * @throws Error when the file is not a graph of ours, or onnxruntime cannot load it.
 */
export async function createSession(
  ort: OrtRuntime,
  weights: Uint8Array,
  { backend, entityLabels }: { backend: "wasm" | "webgpu"; entityLabels: number },
): Promise<Session> {
  const session = await ort.InferenceSession.create(weights, {
    executionProviders: [backend],
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
  const wrong = [
    ...INPUTS.filter((name) => !session.inputNames.includes(name)),
    ...OUTPUTS.filter((name) => !session.outputNames.includes(name)),
  ];
  if (wrong.length > 0 || session.inputNames.length !== INPUTS.length) {
    await session.release();
    throw new Error(`The network's inputs or outputs are not SecTag's (${wrong.join(", ") || session.inputNames.join(", ")})`);
  }
  return {
    async run(ids) {
      const shape = [1, ids.length];
      const tensor = (values: BigInt64Array) => new ort.Tensor("int64", values, shape);
      const outputs = await session.run({
        input_ids: tensor(BigInt64Array.from(ids, BigInt)),
        attention_mask: tensor(new BigInt64Array(ids.length).fill(1n)),
        token_type_ids: tensor(new BigInt64Array(ids.length)),
      });
      const threat = read(outputs.logits, threatTypeIds.length);
      const severity = read(outputs.severity_logits, severityIds.length);
      const entity = read(outputs.entity_logits, ids.length * entityLabels);
      for (const output of Object.values(outputs)) output.dispose();
      return { threat, severity, entity };
    },
    release: () => session.release(),
  };
}

function read(tensor: Ort.Tensor | undefined, length: number): Float32Array {
  if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== length) {
    throw new Error(`The network answered ${tensor?.dims.join(" x ") ?? "nothing"} numbers where ${length} were expected`);
  }
  // A copy: the tensor's own memory may be reused by the next run.
  const values = Float32Array.from(tensor.data);
  if (!values.every(Number.isFinite)) throw new Error("The network answered a number that is not finite");
  return values;
}
