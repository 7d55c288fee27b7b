// What the offscreen document and an inference worker say to each other: ids, requests, and exactly one value or error a request.
import { z } from "zod";
import { AnalyzeRequest, ModelProblem, Suggestion } from "../../shared/contract.ts";

/** Start the model; the first request to every worker. */
export const LoadRequest = z.strictObject({
  kind: z.literal("load"),
  /** Folder of the model; ends with "/". */
  baseUrl: z.string(),
  threads: z.int().positive(),
  /** Tests only: a software GPU counts as a GPU. */
  allowFallbackAdapter: z.boolean(),
});
export const WorkerCall = z.discriminatedUnion("kind", [
  LoadRequest,
  z.strictObject({ kind: z.literal("analyze"), request: AnalyzeRequest, textCut: z.boolean() }),
  z.strictObject({ kind: z.literal("self-test") }),
  /** Time `runs` windows of 128 tokens, one after the other. */
  z.strictObject({ kind: z.literal("measure"), runs: z.int().positive() }),
  z.strictObject({ kind: z.literal("cancel"), target: z.int() }),
]);
export const WorkerRequest = z.strictObject({ id: z.int(), call: WorkerCall });

export const LoadReport = z.strictObject({
  modelVersion: z.string().nullable(),
  backend: z.enum(["wasm", "webgpu"]),
  threads: z.int().positive(),
  crossOriginIsolated: z.boolean(),
  /** Why there is no model: then `analyze` answers by rules alone. */
  problem: ModelProblem.nullable(),
  /** Things worth knowing in options, e.g. that answers are kept in memory only. */
  notes: z.array(z.string()),
});
export const SelfTestReport = z.strictObject({
  ok: z.boolean(),
  cases: z.int().nonnegative(),
  /** Largest difference of any threat or severity logit. */
  worst: z.number().nonnegative(),
  tolerance: z.number().nonnegative(),
  /** Answers (token labels, threat types, severities) that are another label than expected. */
  flips: z.int().nonnegative(),
  failures: z.array(z.string()),
});
export const workerValues = {
  load: LoadReport,
  analyze: Suggestion,
  "self-test": SelfTestReport,
  measure: z.array(z.number().nonnegative()),
  cancel: z.null(),
} as const satisfies Record<WorkerCall["kind"], z.ZodType>;

export const WorkerReply = z.discriminatedUnion("kind", [
  z.strictObject({ id: z.int(), kind: z.literal("progress"), progress: z.number().min(0).max(1) }),
  z.strictObject({ id: z.int(), kind: z.literal("value"), value: z.unknown() }),
  z.strictObject({
    id: z.int(),
    kind: z.literal("error"),
    error: z.strictObject({ name: z.string(), message: z.string(), code: z.string().nullable() }),
  }),
]);

export type WorkerCall = z.infer<typeof WorkerCall>;
export type WorkerRequest = z.infer<typeof WorkerRequest>;
export type WorkerReply = z.infer<typeof WorkerReply>;
export type LoadReport = z.infer<typeof LoadReport>;
export type SelfTestReport = z.infer<typeof SelfTestReport>;
export type WorkerValue<K extends WorkerCall["kind"]> = z.infer<(typeof workerValues)[K]>;

/** An error that crossed the worker's border; `code` is a ModelProblem's, "unsupported", or null. */
export class RemoteError extends Error {
  readonly code: string | null;
  constructor({ name, message, code }: { name: string; message: string; code: string | null }) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/** Any thrown value in the form that a reply carries. */
export function serialiseError(error: unknown): { name: string; message: string; code: string | null } {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: null };
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  return { name: error.name, message: error.message, code };
}
