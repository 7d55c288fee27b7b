// The model's host in a document (Chromium's offscreen, Firefox's background): owns the worker and the choice of engine.
import type { AnalyzeRequest, ModelProblem, Suggestion } from "../../shared/contract.ts";
import { analyze, problemOf } from "./analyze.ts";
import { calibrate, describe, type EngineChoice } from "./calibrate.ts";
import { memoryCache } from "./passage-cache.ts";
import type { LoadReport } from "./protocol.ts";
import { type CallOptions, createWorkerClient, type WorkerClient, WorkerCrash, type WorkerLike } from "./worker-client.ts";

/** State of the host, as options shows it. */
export interface EngineStatus {
  modelVersion: string | null;
  backend: "wasm" | "webgpu" | "rules";
  threads: number;
  crossOriginIsolated: boolean;
  choice: EngineChoice | null;
  problem: ModelProblem | null;
  notes: string[];
}

export interface HostOptions {
  /** Folder of the model; ends with "/". */
  baseUrl: string;
  createWorker(backend: "wasm" | "webgpu"): WorkerLike;
  settings: { webgpu: "auto" | "off" };
  /** What an earlier calibration found; used if it was measured with the same model. */
  choice: EngineChoice | null;
  /** Called whenever the status changed; the choice in it is worth keeping. */
  onStatus(status: EngineStatus): void;
  /** Share of the model that is loaded, 0 to 1. */
  onLoading?: ((progress: number) => void) | undefined;
  cores: number;
  /** Quiet time after an answer before calibration begins, in ms; null never calibrates. */
  idleMs?: number | null;
  /** Tests only: a software GPU counts as a GPU. */
  allowFallbackAdapter?: boolean;
}

export interface InferenceHost {
  /** Answers always, with rules alone where there is no model. @throws AbortError when `signal` fired. */
  analyze(request: AnalyzeRequest, options?: CallOptions & { textCut?: boolean }): Promise<Suggestion>;
  /** Loads the model now, so that the first ticket need not wait. */
  warmUp(): Promise<void>;
  diagnostics(): EngineStatus;
  /** Chooses the engine by measurement, now. */
  calibrateNow(): Promise<void>;
  /** Compares with the published answers; a difference on WASM becomes the status' problem. */
  selfTest(): Promise<boolean>;
  stop(): void;
}

const IDLE_MS = 3000;

export function createInferenceHost(options: HostOptions): InferenceHost {
  const { baseUrl, createWorker, settings, onStatus, onLoading, cores, idleMs = IDLE_MS, allowFallbackAdapter = false } = options;
  let choice = options.choice;
  let status: EngineStatus = {
    modelVersion: null,
    backend: "rules",
    threads: 0,
    crossOriginIsolated: false,
    choice,
    problem: null,
    notes: [],
  };
  let answering = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let calibration: AbortController | null = null;
  const stopped = new AbortController();

  const tell = (change: Partial<EngineStatus>) => {
    status = { ...status, ...change };
    onStatus(status);
  };
  const start = (backend: "wasm" | "webgpu", threads: number): WorkerClient =>
    createWorkerClient({
      createWorker: () => createWorker(backend),
      load: { baseUrl, threads, allowFallbackAdapter },
      onProgress: onLoading,
    });
  const chosen = () =>
    choice && !(choice.backend === "webgpu" && settings.webgpu === "off") ? choice : { backend: "wasm" as const, threads: 1 };
  let backend = chosen().backend;
  let client = start(backend, chosen().threads);

  const replace = (nextBackend: "wasm" | "webgpu", threads: number) => {
    client.terminate();
    backend = nextBackend;
    client = start(nextBackend, threads);
  };

  /** The report of the worker that answers; falls back to WASM where WebGPU does not start, or the choice is another model's. */
  const ready = async (): Promise<LoadReport> => {
    try {
      const report = await client.ready();
      if (backend === "webgpu" && report.problem) throw new Error(report.problem.message);
      if (choice && report.modelVersion !== null && choice.modelVersion !== report.modelVersion) {
        choice = null;
        tell({ choice });
        if (backend === "webgpu" || report.threads > 1) {
          replace("wasm", 1);
          return await ready();
        }
      }
      const { modelVersion, threads, crossOriginIsolated, problem, notes } = report;
      if (
        status.modelVersion !== modelVersion ||
        status.threads !== threads ||
        status.backend !== report.backend ||
        status.problem !== problem
      ) {
        tell({ modelVersion, threads, crossOriginIsolated, problem, backend: problem ? "rules" : report.backend, notes });
      }
      return report;
    } catch (error) {
      if (backend !== "webgpu") throw error;
      choice = null;
      tell({ choice, notes: [...status.notes, `WebGPU was given up: ${error instanceof Error ? error.message : String(error)}`] });
      replace("wasm", 1);
      return ready();
    }
  };

  const byRules = (request: AnalyzeRequest, problem: ModelProblem, textCut: boolean) =>
    analyze(request, { model: problem, cache: memoryCache(1), now: () => performance.now(), textCut });

  const calibrateNow = async (): Promise<void> => {
    clearTimeout(idle);
    const report = await ready();
    if (report.problem || report.backend !== "wasm") return;
    if (report.threads !== 1) {
      replace("wasm", 1);
      await ready();
    }
    const controller = new AbortController();
    calibration = controller;
    try {
      const signal = AbortSignal.any([controller.signal, stopped.signal]);
      const currentReport = await client.ready();
      choice = await calibrate({
        start,
        current: client,
        currentReport,
        cores,
        webgpu: settings.webgpu,
        now: () => performance.now(),
        date: () => new Date(),
        signal,
      });
      tell({ choice });
      if (choice.backend !== "wasm" || choice.threads !== 1) {
        replace(choice.backend, choice.threads);
        await ready();
      }
    } finally {
      calibration = null;
    }
  };

  /** Measures when nobody waits for an answer; a ticket that comes in meanwhile stops it, and the next quiet time tries again. */
  const calibrateWhenIdle = () => {
    clearTimeout(idle);
    if (idleMs === null || choice || answering > 0 || calibration || stopped.signal.aborted || status.problem) return;
    idle = setTimeout(() => {
      calibrateNow().catch((error: unknown) => {
        if (error instanceof Error && error.name === "AbortError") return;
        tell({ notes: [...status.notes, `Calibration failed: ${error instanceof Error ? error.message : String(error)}`] });
      });
    }, idleMs);
  };

  return {
    async analyze(request, { signal, onProgress, textCut = false } = {}) {
      clearTimeout(idle);
      calibration?.abort();
      answering++;
      try {
        await ready();
        const suggestion = await client.call({ kind: "analyze", request, textCut }, { signal, onProgress });
        if (suggestion.problem?.code !== "failed" || backend !== "webgpu") return suggestion;
        // A lost device or a driver's fault: the same ticket once more on the processor.
        choice = null;
        tell({ choice, notes: [...status.notes, `WebGPU was given up: ${suggestion.problem.message}`] });
        replace("wasm", 1);
        await ready();
        return await client.call({ kind: "analyze", request, textCut }, { signal, onProgress });
      } catch (error) {
        signal?.throwIfAborted();
        const problem =
          error instanceof WorkerCrash
            ? { code: "failed" as const, message: `The model's worker stopped: ${error.message}`.slice(0, 500) }
            : problemOf(error);
        tell({ problem, backend: "rules" });
        return byRules(request, problem, textCut);
      } finally {
        answering--;
        calibrateWhenIdle();
      }
    },
    async warmUp() {
      await ready();
    },
    diagnostics: () => status,
    calibrateNow,
    async selfTest() {
      await ready();
      const test = await client.call({ kind: "self-test" });
      if (!test.ok)
        tell({ problem: { code: "failed", message: `The model does not compute right here: ${describe(test)}`.slice(0, 500) } });
      return test.ok;
    },
    stop() {
      stopped.abort();
      clearTimeout(idle);
      client.terminate();
    },
  };
}
