// Loads a model directory: manifest, every needed file checked by size and SHA-256, config and tokenizer parsed.
import type { z } from "zod";
import { GoldenFile, ModelConfig, ModelManifest, type ModelProblem, type ThreatType } from "../../shared/contract.ts";
import { sha256Hex } from "../../shared/hex.ts";
import { labelsVersion, threatTypeIds } from "../../shared/labels.ts";
import { createTokenizer, type Tokenizer } from "./wordpiece.ts";

/** Why a model cannot be used; `code` and `message` are what the page shows. */
export class ModelError extends Error {
  readonly code: ModelProblem["code"];
  constructor(code: ModelProblem["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ModelError";
    this.code = code;
  }
  get problem(): ModelProblem {
    return { code: this.code, message: this.message.slice(0, 500) };
  }
}

export interface LoadedModel {
  manifest: ModelManifest;
  config: ModelConfig;
  /** Classes in the order of the model's logits. */
  threatTypes: ThreatType[];
  tokenizer: Tokenizer;
  golden: GoldenFile;
  /** The ONNX file. Drop every reference once a session has it: it is large. */
  weights: Uint8Array<ArrayBuffer>;
}

export interface LoadOptions {
  fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Folder of the model; ends with "/". */
  baseUrl: string;
  backend: "wasm" | "webgpu";
  signal?: AbortSignal | undefined;
  /** Share of the bytes that have arrived, 0 to 1. */
  onProgress?: ((progress: number) => void) | undefined;
}

type FileRow = ModelManifest["files"][number];
const MAX_MANIFEST = 1_000_000;
const REINSTALL = "Install the extension again, or ask whoever gave it to you for a complete one.";

/** Names exactly these files, for caches of answers: two models of one version name are still two models. */
export function fingerprintOf(manifest: ModelManifest): string {
  return [manifest.version, ...manifest.files.filter(({ role }) => role !== "card" && role !== "metrics").map(({ sha256 }) => sha256)].join(
    " ",
  );
}

/** @throws ModelError with a code and a message for people; AbortError when `signal` fired. */
export async function loadModel({ fetch, baseUrl, backend, signal, onProgress }: LoadOptions): Promise<LoadedModel> {
  const get = (path: string) => open(fetch, baseUrl, path, signal);
  const manifest = parse(ModelManifest, json(await readAtMost(await get("manifest.json"), MAX_MANIFEST), "manifest.json"), "manifest.json");
  if (manifest.labelsVersion > labelsVersion) {
    throw new ModelError("invalid", "The model knows labels that this version of SecTag does not. Update the extension.");
  }
  const role = backend === "webgpu" ? "weights-webgpu" : "weights-wasm";
  const rows = [
    fileNamed(manifest, "config.json"),
    fileNamed(manifest, "tokenizer.json"),
    fileNamed(manifest, "golden.json"),
    fileOfRole(manifest, role),
  ];
  const total = rows.reduce((sum, row) => sum + row.size, 0);
  let before = 0;
  const [configBytes, tokenizerBytes, goldenBytes, weights] = await inOrder(rows, async (row) => {
    const bytes = await readExactly(await get(row.path), row, (read) => onProgress?.(Math.min(1, (before + read) / Math.max(1, total))));
    before += row.size;
    return bytes;
  });
  if (!configBytes || !tokenizerBytes || !goldenBytes || !weights)
    throw new ModelError("missing", `The model has no file for ${backend}. ${REINSTALL}`);
  const config = parse(ModelConfig, json(configBytes, "config.json"), "config.json");
  const threatTypes = classesOf(config);
  let tokenizer: Tokenizer;
  try {
    tokenizer = createTokenizer(json(tokenizerBytes, "tokenizer.json"));
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError("invalid", `${messageOf(error)}. ${REINSTALL}`, { cause: error });
  }
  if (tokenizer.largestId >= config.vocab_size) {
    throw new ModelError("invalid", `The model's tokenizer and network do not belong together. ${REINSTALL}`);
  }
  if (config.sectag.windows.length > config.max_position_embeddings) {
    throw new ModelError("invalid", `The model's windows are longer than its network reads. ${REINSTALL}`);
  }
  return { manifest, config, threatTypes, tokenizer, golden: parse(GoldenFile, json(goldenBytes, "golden.json"), "golden.json"), weights };
}

async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

async function open(fetch: LoadOptions["fetch"], baseUrl: string, path: string, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(baseUrl + path, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw new ModelError("missing", `The model's file ${path} is missing. ${REINSTALL}`, { cause: error });
  }
  if (!response.ok || !response.body)
    throw new ModelError("missing", `The model's file ${path} is missing (${response.status}). ${REINSTALL}`);
  return response;
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    // Also when the consumer stopped early; a stream that already failed has nothing left to cancel.
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads straight into one buffer of the promised size, so that the bytes exist once; then compares the hash. */
async function readExactly(response: Response, row: FileRow, onRead: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(row.size);
  let read = 0;
  try {
    for await (const chunk of chunksOf(response)) {
      if (read + chunk.length > row.size)
        throw new ModelError("altered", `The model's file ${row.path} is longer than it should be. ${REINSTALL}`);
      bytes.set(chunk, read);
      read += chunk.length;
      onRead(read);
    }
  } catch (error) {
    if (error instanceof ModelError || (error instanceof Error && error.name === "AbortError")) throw error;
    throw new ModelError("truncated", `The model's file ${row.path} could not be read to its end. ${REINSTALL}`, { cause: error });
  }
  if (read < row.size)
    throw new ModelError("truncated", `The model's file ${row.path} is cut short (${read} of ${row.size} bytes). ${REINSTALL}`);
  if ((await sha256Hex(bytes)) !== row.sha256)
    throw new ModelError("altered", `The model's file ${row.path} was changed after it was published. ${REINSTALL}`);
  return bytes;
}

async function readAtMost(response: Response, most: number): Promise<Uint8Array> {
  const parts: number[] = [];
  for await (const chunk of chunksOf(response)) {
    if (parts.length + chunk.length > most) throw new ModelError("invalid", `The model's manifest is too large. ${REINSTALL}`);
    for (const byte of chunk) parts.push(byte);
  }
  return Uint8Array.from(parts);
}

function json(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ModelError("invalid", `The model's file ${path} is not readable. ${REINSTALL}`, { cause: error });
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ModelError(
    "invalid",
    `The model's file ${path} has a wrong ${issue?.path.join(".") || "shape"}: ${issue?.message ?? ""}. ${REINSTALL}`,
  );
}

function fileNamed(manifest: ModelManifest, path: string): FileRow {
  const row = manifest.files.find((file) => file.path === path);
  if (!row) throw new ModelError("missing", `The model's manifest does not name ${path}. ${REINSTALL}`);
  return row;
}

function fileOfRole(manifest: ModelManifest, role: FileRow["role"]): FileRow {
  const row = manifest.files.find((file) => file.role === role);
  if (!row) throw new ModelError("missing", `The model has no file for this backend (${role}). ${REINSTALL}`);
  return row;
}

function classesOf(config: ModelConfig): ThreatType[] {
  const names = threatTypeIds.map((_, index) => config.id2label[String(index)]);
  const known = names.filter((name) => name !== undefined);
  if (new Set(known).size !== threatTypeIds.length || Object.keys(config.id2label).length !== threatTypeIds.length) {
    throw new ModelError("invalid", `The model's id2label does not name each threat type once. ${REINSTALL}`);
  }
  return known;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
