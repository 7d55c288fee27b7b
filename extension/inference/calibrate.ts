// Chooses how the model runs on this machine, by measurement: threads or not, graphics card or not; never by counting cores.
import type { LoadReport, SelfTestReport } from "./protocol.ts";
import type { WorkerClient } from "./worker-client.ts";

/** Plain record: stored, and shown in options. */
export interface EngineChoice {
  backend: "wasm" | "webgpu";
  threads: number;
  reason: string;
  measured: { backend: "wasm" | "webgpu"; threads: number; medianMs: number }[];
  modelVersion: string;
  /** ISO time. */
  at: string;
}

export interface CalibrateOptions {
  /** Starts a further worker; calibrate ends those that it started. */
  start(backend: "wasm" | "webgpu", threads: number): WorkerClient;
  /** The worker that answers now (WASM, one thread); it stays. */
  current: WorkerClient;
  currentReport: LoadReport;
  cores: number;
  webgpu: "auto" | "off";
  now(): number;
  date(): Date;
  /** Aborted when a ticket comes in: measuring beside it would be slow for both and wrong. */
  signal: AbortSignal;
}

const WARM_MS = 500;
const WARM_RUNS = 10;
const ROUNDS = 9;
/** The other way must be this much faster, or the plain one stays. */
const GAIN = 0.9;
const MAX_THREADS = 4;

interface Way {
  backend: "wasm" | "webgpu";
  threads: number;
  client: WorkerClient;
}

/** @throws AbortError when `signal` fired; RemoteError or WorkerCrash when the current worker itself failed. */
export async function calibrate(options: CalibrateOptions): Promise<EngineChoice> {
  const { current, currentReport, signal } = options;
  const plain: Way = { backend: "wasm", threads: currentReport.threads, client: current };
  const measured: EngineChoice["measured"] = [];
  const reasons: string[] = [];
  let best = plain;
  for (const find of [threadsWay, webgpuWay]) {
    const rival = await find(options);
    signal.throwIfAborted();
    if (typeof rival === "string") {
      reasons.push(rival);
      continue;
    }
    try {
      const [bestMs, rivalMs] = await duel(best, rival, options);
      note(measured, best, bestMs);
      note(measured, rival, rivalMs);
      const wins = rivalMs <= bestMs * GAIN;
      reasons.push(`${nameOf(rival)} took ${rivalMs.toFixed(1)} ms a window, ${nameOf(best)} ${bestMs.toFixed(1)} ms`);
      if (wins && best !== plain) best.client.terminate();
      if (wins) best = rival;
      else rival.client.terminate();
    } catch (error) {
      rival.client.terminate();
      signal.throwIfAborted();
      reasons.push(`${nameOf(rival)} failed while it was measured: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (best !== plain) best.client.terminate();
  return {
    backend: best.backend,
    threads: best.threads,
    reason: `${nameOf(best)}: ${reasons.join("; ")}.`,
    measured,
    modelVersion: currentReport.modelVersion ?? "",
    at: options.date().toISOString(),
  };
}

/** How many threads are worth a try; 1 means none. */
export function threadsToTry(cores: number, crossOriginIsolated: boolean): number {
  if (!crossOriginIsolated || cores < 2) return 1;
  return Math.min(MAX_THREADS, Math.max(2, Math.floor(cores / 2)));
}

async function threadsWay({ start, cores, currentReport, signal }: CalibrateOptions): Promise<Way | string> {
  const threads = threadsToTry(cores, currentReport.crossOriginIsolated);
  if (!currentReport.crossOriginIsolated) return "the worker is not cross-origin isolated, so it has one thread";
  if (threads === 1) return "the machine has one core";
  const client = start("wasm", threads);
  const reason = await proof(client, signal);
  return reason ? `${threads} threads failed: ${reason}` : { backend: "wasm", threads, client };
}

async function webgpuWay({ start, webgpu, signal }: CalibrateOptions): Promise<Way | string> {
  if (webgpu === "off") return "WebGPU is switched off";
  const client = start("webgpu", 1);
  const reason = await proof(client, signal);
  return reason ? `WebGPU is not used: ${reason}` : { backend: "webgpu", threads: 1, client };
}

/** A way must compute what the trainer's runtime did before it is even timed. @returns why not; the client is ended then. */
async function proof(client: WorkerClient, signal: AbortSignal): Promise<string | null> {
  // Loading is the longest part of calibration: a ticket that comes in must not share the processor with it.
  const end = () => client.terminate();
  signal.addEventListener("abort", end);
  try {
    signal.throwIfAborted();
    const report = await client.ready();
    if (!report.problem) {
      const test = await client.call({ kind: "self-test" });
      if (test.ok) return null;
      client.terminate();
      return describe(test);
    }
    client.terminate();
    return report.problem.message;
  } catch (error) {
    client.terminate();
    return error instanceof Error ? error.message : String(error);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** A failed self-test in one sentence. */
export function describe(test: SelfTestReport): string {
  const first = test.failures[0] ?? "no case was run";
  return `its self-test differs from the published answers in ${test.failures.length} places (${first})`;
}

/** Warm-up by time and count for each, then interleaved rounds, so that other load on the machine meets both. */
async function duel(a: Way, b: Way, { now, signal }: CalibrateOptions): Promise<[number, number]> {
  for (const { client } of [a, b]) {
    const began = now();
    for (let runs = 0; runs < WARM_RUNS || now() - began < WARM_MS; runs++) await client.call({ kind: "measure", runs: 1 }, { signal });
  }
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    times[0].push(...(await a.client.call({ kind: "measure", runs: 1 }, { signal })));
    times[1].push(...(await b.client.call({ kind: "measure", runs: 1 }, { signal })));
  }
  return [median(times[0]), median(times[1])];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function note(measured: EngineChoice["measured"], { backend, threads }: Way, medianMs: number): void {
  if (!measured.some((row) => row.backend === backend && row.threads === threads)) measured.push({ backend, threads, medianMs });
}

function nameOf({ backend, threads }: Way): string {
  return backend === "webgpu" ? "WebGPU" : `WASM with ${threads} ${threads === 1 ? "thread" : "threads"}`;
}
