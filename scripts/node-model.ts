// A model directory in Node: the extension's own loader, session and pipeline, with files instead of packaged URLs.
import { createReadStream, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { fingerprintOf, loadModel } from "../extension/inference/model-store.ts";
import type { ReadyModel } from "../extension/inference/read-passage.ts";
import { createSession, type OrtRuntime } from "../extension/inference/session.ts";
import type { GoldenFile } from "../shared/contract.ts";

const modelsFolder = join(import.meta.dirname, "..", "models");
const Channels = z.object({ stable: z.string().regex(/^[0-9a-z][0-9a-z.-]*$/) });

/** The folder that `models/channels.json` names as stable. */
export function stableModelFolder(): string {
  const channels: unknown = JSON.parse(readFileSync(join(modelsFolder, "channels.json"), "utf8"));
  return join(modelsFolder, Channels.parse(channels).stable);
}

/** `fetch` for file: URLs; a missing file answers 404, as a server would. */
export async function fetchFile(url: string): Promise<Response> {
  const path = fileURLToPath(url);
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return new Response(null, { status: 404 });
  // Node's stream type and the DOM's are one at run time.
  return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream);
}

let runtime: Promise<OrtRuntime> | null = null;

/** onnxruntime-web's WASM build with one thread; the same code that the browser runs. */
export function nodeRuntime(): Promise<OrtRuntime> {
  runtime ??= (async () => {
    const ort = await import("onnxruntime-web/wasm");
    const dist = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
    ort.env.logLevel = "error";
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = readFileSync(join(dist, "ort-wasm-simd-threaded.wasm"));
    return ort;
  })();
  return runtime;
}

export interface NodeModel {
  model: ReadyModel;
  golden: GoldenFile;
  release(): Promise<void>;
}

/** @param folder a model directory. @throws ModelError as the extension would. */
export async function openModelFolder(folder: string): Promise<NodeModel> {
  const { weights, ...loaded } = await loadModel({ fetch: fetchFile, baseUrl: `${pathToFileURL(folder).href}/`, backend: "wasm" });
  const session = await createSession(await nodeRuntime(), weights, {
    backend: "wasm",
    entityLabels: loaded.config.sectag.entities.length,
  });
  return {
    model: {
      tokenizer: loaded.tokenizer,
      config: loaded.config.sectag,
      threatTypes: loaded.threatTypes,
      modelVersion: loaded.manifest.version,
      fingerprint: fingerprintOf(loaded.manifest),
      backend: "wasm",
      runWindow: session.run,
    },
    golden: loaded.golden,
    release: session.release,
  };
}
