// The worker's side of the protocol: loads the model, answers each request exactly once, runs one window at a time.
import { type AnalyzeDeps, analyze, problemOf } from "./analyze.ts";
import { createLane } from "./lane.ts";
import { fingerprintOf, type LoadedModel, loadModel } from "./model-store.ts";
import { layeredCache, memoryCache, type PassageCache } from "./passage-cache.ts";
import { type LoadReport, serialiseError, type WorkerCall, type WorkerReply, WorkerRequest } from "./protocol.ts";
import type { ReadyModel } from "./read-passage.ts";
import { selfTest } from "./self-test.ts";
import { createSession, type OrtRuntime } from "./session.ts";
import type { WindowLogits } from "./windows.ts";

export interface ServerOptions {
  backend: "wasm" | "webgpu";
  /** Sets onnxruntime up for so many threads and returns it; called once. Throws with code "unsupported" where it cannot run. */
  startRuntime(options: { threads: number; allowFallbackAdapter: boolean }): Promise<OrtRuntime>;
  openCache: (() => Promise<PassageCache>) | null;
  fetch: (url: string, init?: RequestInit) => Promise<Response>;
  post(reply: WorkerReply): void;
  now(): number;
  crossOriginIsolated: boolean;
}

interface Loaded {
  report: LoadReport;
  model: ReadyModel | null;
  golden: LoadedModel["golden"] | null;
}

const MEASURED_TOKENS = 128;

/** The request may have been cancelled while its window waited in line. */
async function runUnlessAborted(model: ReadyModel, ids: readonly number[], signal: AbortSignal): Promise<WindowLogits> {
  signal.throwIfAborted();
  return model.runWindow(ids);
}

/** @returns the handler of incoming messages. A message that is no request is answered with an error when it has an id. */
export function createWorkerServer(options: ServerOptions): (message: unknown) => void {
  const { backend, post, now } = options;
  const lane = createLane();
  const running = new Map<number, AbortController>();
  const notes: string[] = [];
  let loading: Promise<Loaded> | null = null;
  let cache: Promise<PassageCache> | null = null;

  const openCache = async (): Promise<PassageCache> => {
    const memory = memoryCache();
    if (!options.openCache) return memory;
    const note = (reason: string) => notes.push(`Answers are kept in memory only: ${reason}`);
    try {
      return layeredCache(memory, await options.openCache(), note);
    } catch (error) {
      note(error instanceof Error ? error.message : String(error));
      return memory;
    }
  };

  const load = async (call: Extract<WorkerCall, { kind: "load" }>, onProgress: (progress: number) => void): Promise<Loaded> => {
    cache = openCache();
    await cache;
    const report: LoadReport = {
      modelVersion: null,
      backend,
      threads: options.crossOriginIsolated && backend === "wasm" ? call.threads : 1,
      crossOriginIsolated: options.crossOriginIsolated,
      problem: null,
      notes,
    };
    // Where the backend cannot run at all the caller must know; a bad model is an answer like another.
    const ort = await options.startRuntime({ threads: report.threads, allowFallbackAdapter: call.allowFallbackAdapter });
    try {
      // The download is most of the wait; the session's own start is the rest.
      const { weights, ...model } = await loadModel({
        fetch: options.fetch,
        baseUrl: call.baseUrl,
        backend,
        onProgress: (p) => onProgress(p * 0.8),
      });
      const session = await createSession(ort, weights, { backend, entityLabels: model.config.sectag.entities.length });
      onProgress(1);
      report.modelVersion = model.manifest.version;
      const ready: ReadyModel = {
        tokenizer: model.tokenizer,
        config: model.config.sectag,
        threatTypes: model.threatTypes,
        modelVersion: model.manifest.version,
        fingerprint: fingerprintOf(model.manifest),
        backend,
        runWindow: session.run,
      };
      return { report, model: ready, golden: model.golden };
    } catch (error) {
      return { report: { ...report, problem: problemOf(error) }, model: null, golden: null };
    }
  };

  const needModel = async (): Promise<{ model: ReadyModel; golden: LoadedModel["golden"] }> => {
    const { model, golden, report } = (await loading) ?? {};
    if (!model || !golden)
      throw Object.assign(new Error(report?.problem?.message ?? "The model was not loaded"), { code: report?.problem?.code ?? "failed" });
    return { model, golden };
  };

  const answer = async (id: number, call: WorkerCall, signal: AbortSignal): Promise<unknown> => {
    const onProgress = (progress: number) => post({ id, kind: "progress", progress: Math.min(1, Math.max(0, progress)) });
    switch (call.kind) {
      case "load":
        if (loading) throw new Error("This worker has loaded its model already");
        loading = load(call, onProgress);
        return (await loading).report;
      case "analyze": {
        const { model, report } = (await loading) ?? {};
        const { system, key } = call.request.ticket;
        const deps: AnalyzeDeps = {
          model: model
            ? { ...model, runWindow: (ids) => lane.run(`${system} ${key}`, id, () => runUnlessAborted(model, ids, signal)) }
            : (report?.problem ?? { code: "failed", message: "The model was not loaded." }),
          cache: (await cache) ?? memoryCache(),
          now,
          signal,
          onProgress,
          textCut: call.textCut,
        };
        return analyze(call.request, deps);
      }
      case "self-test": {
        const { model, golden } = await needModel();
        return selfTest(golden, { ...model, runWindow: (ids) => lane.run("self-test", id, () => model.runWindow(ids)) }, onProgress);
      }
      case "measure": {
        const { model } = await needModel();
        const ids = [model.tokenizer.cls, ...new Array<number>(MEASURED_TOKENS - 2).fill(model.tokenizer.unk), model.tokenizer.sep];
        const times: number[] = [];
        for (let run = 0; run < call.runs; run++) {
          signal.throwIfAborted();
          const began = now();
          await lane.run("measure", id, () => model.runWindow(ids));
          times.push(now() - began);
        }
        return times;
      }
      case "cancel":
        running.get(call.target)?.abort();
        return null;
    }
  };

  return (message) => {
    const parsed = WorkerRequest.safeParse(message);
    if (!parsed.success) {
      const id =
        typeof message === "object" && message !== null && "id" in message && Number.isInteger(message.id) ? Number(message.id) : -1;
      post({ id, kind: "error", error: { name: "TypeError", message: "The worker was sent something that is no request", code: null } });
      return;
    }
    const { id, call } = parsed.data;
    const controller = new AbortController();
    running.set(id, controller);
    answer(id, call, controller.signal)
      .then(
        (value) => post({ id, kind: "value", value }),
        (error: unknown) => post({ id, kind: "error", error: serialiseError(error) }),
      )
      .finally(() => running.delete(id));
  };
}
