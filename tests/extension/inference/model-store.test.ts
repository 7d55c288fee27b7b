// Loading a model directory: what is missing, cut, altered or wrong is named in words for people; nothing of it is used.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel, ModelError } from "../../../extension/inference/model-store.ts";
import { ModelManifest } from "../../../shared/contract.ts";

const tiny = join(import.meta.dirname, "../../../models/tiny");
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(tiny, path)));
const manifest = ModelManifest.parse(JSON.parse(readFileSync(join(tiny, "manifest.json"), "utf8")));

/** Serves models/tiny with some files changed (null: gone); chunks of 1,000 bytes, so that every loop really loops. */
function server(changes: Record<string, Uint8Array | string | null> = {}) {
  return async (url: string): Promise<Response> => {
    const path = url.replace("https://model.example/", "");
    const change = changes[path];
    if (change === null) return new Response("not found", { status: 404 });
    const bytes = typeof change === "string" ? new TextEncoder().encode(change) : (change ?? read(path));
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at + 1000));
        at += 1000;
      },
    });
    return new Response(body);
  };
}
const load = (changes: Record<string, Uint8Array | string | null> = {}, backend: "wasm" | "webgpu" = "wasm") =>
  loadModel({ fetch: server(changes), baseUrl: "https://model.example/", backend });

/** A manifest that vouches for changed files, as a publisher's mistake would. */
function vouchedFor(changes: Record<string, string>): Record<string, string> {
  const files = manifest.files.map((file) => {
    const text = changes[file.path];
    if (text === undefined) return file;
    return { ...file, size: Buffer.byteLength(text), sha256: createHash("sha256").update(text).digest("hex") };
  });
  return { ...changes, "manifest.json": JSON.stringify({ ...manifest, files }) };
}
const config = (change: (value: Record<string, never>) => void): string => {
  const value = JSON.parse(readFileSync(join(tiny, "config.json"), "utf8"));
  change(value);
  return JSON.stringify(value);
};
const flipped = (path: string) => {
  const bytes = read(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return bytes;
};

describe("loadModel", () => {
  it("hands over everything that belongs to a model", async () => {
    const seen: number[] = [];
    const model = await loadModel({ fetch: server(), baseUrl: "https://model.example/", backend: "wasm", onProgress: (p) => seen.push(p) });
    expect(model.manifest.version).toBe("tiny");
    expect(model.threatTypes).toHaveLength(13);
    expect(model.weights).toEqual(read("onnx/model_int8.onnx"));
    expect(model.golden.cases.length).toBeGreaterThan(10);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("takes the other weights for WebGPU", async () => {
    expect((await load({}, "webgpu")).weights).toEqual(read("onnx/model_q4.onnx"));
  });

  it.each<[string, string, Record<string, Uint8Array | string | null>, RegExp]>([
    ["missing", "no manifest", { "manifest.json": null }, /manifest\.json is missing/],
    ["missing", "no weights", { "onnx/model_int8.onnx": null }, /model_int8\.onnx is missing/],
    ["truncated", "half the weights", { "onnx/model_int8.onnx": read("onnx/model_int8.onnx").slice(0, 50_000) }, /cut short \(50000 of/],
    ["truncated", "empty tokenizer", { "tokenizer.json": "" }, /tokenizer\.json is cut short/],
    [
      "altered",
      "longer weights",
      { "onnx/model_int8.onnx": new Uint8Array([...read("onnx/model_int8.onnx"), 0]) },
      /longer than it should be/,
    ],
    ["altered", "one bit in the weights", { "onnx/model_int8.onnx": flipped("onnx/model_int8.onnx") }, /was changed/],
    ["altered", "one bit in the config", { "config.json": flipped("config.json") }, /was changed/],
    ["invalid", "half a manifest", { "manifest.json": JSON.stringify(manifest).slice(0, 300) }, /manifest\.json is not readable/],
    ["invalid", "an endless manifest", { "manifest.json": " ".repeat(1_000_001) }, /too large/],
    ["invalid", "a manifest of another kind", { "manifest.json": '{"spec":2}' }, /manifest\.json has a wrong/],
    ["invalid", "labels of the future", { "manifest.json": JSON.stringify({ ...manifest, labelsVersion: 99 }) }, /Update the extension/],
    [
      "missing",
      "a manifest without weights",
      { "manifest.json": JSON.stringify({ ...manifest, files: manifest.files.filter((f) => f.role !== "weights-wasm") }) },
      /weights-wasm/,
    ],
    ["invalid", "another tokenizer", vouchedFor({ "tokenizer.json": '{"model":{"type":"BPE"}}' }), /WordPiece/],
    ["invalid", "a config without decoding", vouchedFor({ "config.json": config((value) => delete value.sectag) }), /sectag/],
    [
      "invalid",
      "a class twice",
      vouchedFor({ "config.json": config((value) => Object.assign(value, { id2label: { ...Object(value.id2label), 1: "benign" } })) }),
      /id2label/,
    ],
    [
      "invalid",
      "a smaller network",
      vouchedFor({ "config.json": config((value) => Object.assign(value, { vocab_size: 10 })) }),
      /belong together/,
    ],
    [
      "invalid",
      "windows too long",
      vouchedFor({ "config.json": config((value) => Object.assign(value, { max_position_embeddings: 64 })) }),
      /longer than its network/,
    ],
  ])("%s: %s", async (code, _name, changes, message) => {
    const error: unknown = await load(changes).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code });
    expect(String(error)).toMatch(message);
  });

  it("calls a download that breaks off truncated", async () => {
    const fetch = async (url: string) => {
      if (!url.endsWith(".onnx")) return server()(url);
      let sent = false;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (sent) controller.error(new TypeError("network error"));
            else controller.enqueue(new Uint8Array(10));
            sent = true;
          },
        }),
      );
    };
    await expect(loadModel({ fetch, baseUrl: "https://model.example/", backend: "wasm" })).rejects.toMatchObject({ code: "truncated" });
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const fetch = async (url: string, init?: RequestInit) => {
      controller.abort();
      init?.signal?.throwIfAborted();
      return server()(url);
    };
    const loading = loadModel({ fetch, baseUrl: "https://model.example/", backend: "wasm", signal: controller.signal });
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
  });
});
