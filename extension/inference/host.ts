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
  /** Time of one window, in ms. */
  measure(): Promise<number>;
  stop(): void;
}

const IDLE_MS = 3000;
/** Threads can hang without an error where a browser's set-up is unusual: they are given up sooner than the plain way. */
const THREADS_SILENCE_MS = 20_000;

export function createInferenceHost(options: HostOptions): InferenceHost {
  const { baseUrl, createWorker, settings, onStatus, onLoading, cores, idleMs = IDLE_MS, allowFallbackAdapter = false } = options;
  let choice = options.choice?.backend === "webgpu" && settings.webgpu === "off" ? null : options.choice;
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
  /** Set when the plain way failed its self-test: its answers are not to be shown. */
  let distrust: ModelProblem | null = null;
  const hostNotes: string[] = [];
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
      ...(threads > 1 ? { silenceMs: THREADS_SILENCE_MS } : {}),
    });
  let way = { backend: choice?.backend ?? "wasm", threads: choice?.threads ?? 1 };
  let client = start(way.backend, way.threads);

  const replace = (backend: "wasm" | "webgpu", threads: number) => {
    client.terminate();
    way = { backend, threads };
    client = start(backend, threads);
  };
  const isPlain = () => way.backend === "wasm" && way.threads === 1;
  /** Back to the way that runs everywhere, for a reason that options shows. */
  const giveUpWay = (reason: string) => {
    hostNotes.push(`${way.backend === "webgpu" ? "WebGPU" : `${way.threads} threads`} given up: ${reason}`);
    choice = null;
    replace("wasm", 1);
    tell({ choice, notes: [...hostNotes] });
  };

  /** The report of the worker that answers. @throws WorkerCrash when even the plain way does not start. */
  const ready = async (): Promise<LoadReport> => {
    const asked = client;
    try {
      const report = await asked.ready();
      if (asked !== client) return await ready();
      if (report.problem && !isPlain()) throw new Error(report.problem.message);
      if (choice && report.modelVersion !== null && choice.modelVersion !== report.modelVersion) {
        choice = null;
        tell({ choice });
        if (!isPlain()) {
          replace("wasm", 1);
          return await ready();
        }
      }
      const { modelVersion, threads, crossOriginIsolated } = report;
      const problem = distrust ?? report.problem;
      const backend = problem ? "rules" : report.backend;
      if (status.modelVersion !== modelVersion || status.threads !== threads || status.backend !== backend || status.problem !== problem) {
        tell({ modelVersion, threads, crossOriginIsolated, problem, backend, notes: [...report.notes, ...hostNotes] });
      }
      return report;
    } catch (error) {
      if (stopped.signal.aborted) throw error;
      if (asked !== client) return ready();
      if (isPlain()) throw error;
      giveUpWay(messageOf(error));
      return ready();
    }
  };

  /** Asks the worker; once more when another call replaced it meanwhile, or when WebGPU fails on this very ticket. */
  const ask = async (request: AnalyzeRequest, textCut: boolean, callOptions: CallOptions): Promise<Suggestion> => {
    await ready();
    const asked = client;
    try {
      const suggestion = await asked.call({ kind: "analyze", request, textCut }, callOptions);
      if (suggestion.problem?.code !== "failed" || isPlain()) return suggestion;
      if (asked === client) giveUpWay(suggestion.problem.message);
    } catch (error) {
      if (asked === client || stopped.signal.aborted || callOptions.signal?.aborted) throw error;
    }
    await ready();
    return client.call({ kind: "analyze", request, textCut }, callOptions);
  };

  const byRules = (request: AnalyzeRequest, problem: ModelProblem, textCut: boolean) =>
    analyze(request, { model: problem, cache: memoryCache(1), now: () => performance.now(), textCut });

  const selfTest = async (): Promise<boolean> => {
    await ready();
    const test = await client.call({ kind: "self-test" });
    const note = `Self-test: ${test.cases} of ${test.cases} published answers are the same here (largest difference ${test.worst.toFixed(3)}).`;
    if (test.ok && !hostNotes.includes(note)) hostNotes.push(note);
    distrust = test.ok ? null : { code: "failed", message: `The model does not compute right here: ${describe(test)}`.slice(0, 500) };
    await ready();
    return test.ok;
  };

  const calibrateNow = async (): Promise<void> => {
    clearTimeout(idle);
    const { problem } = await ready();
    if (problem || answering > 0 || calibration) return;
    if (!isPlain()) replace("wasm", 1);
    const controller = new AbortController();
    calibration = controller;
    try {
      if (!(await selfTest())) return;
      const currentReport = await ready();
      choice = await calibrate({
        start,
        current: client,
        currentReport,
        cores,
        webgpu: settings.webgpu,
        now: () => performance.now(),
        date: () => new Date(),
        signal: AbortSignal.any([controller.signal, stopped.signal]),
      });
      // Between the last measurement and now a ticket may have come in: it keeps its worker, the choice serves the next start.
      if (answering === 0 && (choice.backend !== "wasm" || choice.threads !== 1)) replace(choice.backend, choice.threads);
      tell({ choice, notes: [...hostNotes] });
      await ready();
    } finally {
      calibration = null;
    }
  };

  /** Measures when nobody waits for an answer; a ticket that comes in meanwhile stops it, and the next quiet time tries again. */
  const calibrateWhenIdle = () => {
    clearTimeout(idle);
    if (idleMs === null || choice || answering > 0 || stopped.signal.aborted || status.problem) return;
    idle = setTimeout(() => {
      calibrateNow().catch((error: unknown) => {
        if (stopped.signal.aborted || (error instanceof Error && error.name === "AbortError")) return;
        hostNotes.push(`Calibration failed: ${messageOf(error)}`);
        tell({ notes: [...hostNotes] });
      });
    }, idleMs);
  };

  return {
    async analyze(request, { textCut = false, ...callOptions } = {}) {
      clearTimeout(idle);
      calibration?.abort();
      answering++;
      try {
        return distrust ? await byRules(request, distrust, textCut) : await ask(request, textCut, callOptions);
      } catch (error) {
        callOptions.signal?.throwIfAborted();
        const crashed: ModelProblem = { code: "failed", message: `The model's worker stopped: ${messageOf(error)}`.slice(0, 500) };
        const problem = error instanceof WorkerCrash ? crashed : problemOf(error);
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
    selfTest,
    async measure() {
      await ready();
      const [time = 0] = await client.call({ kind: "measure", runs: 1 });
      return time;
    },
    stop() {
      stopped.abort();
      clearTimeout(idle);
      client.terminate();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
