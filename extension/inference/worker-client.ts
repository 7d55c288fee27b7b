// The document's side of the worker protocol: requests with ids and a limit on silence, one restart after a crash.
import {
  type LoadReport,
  RemoteError,
  type WorkerCall,
  WorkerReply,
  type WorkerRequest,
  type WorkerValue,
  workerValues,
} from "./protocol.ts";

/** The part of `Worker` that is used, so that tests need no browser. */
export interface WorkerLike {
  postMessage(message: WorkerRequest): void;
  terminate(): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "error" | "messageerror", listener: (event: { message?: string }) => void): void;
}

export interface ClientOptions {
  createWorker(): WorkerLike;
  load: { baseUrl: string; threads: number; allowFallbackAdapter?: boolean };
  /** Share of the model that is loaded, 0 to 1. */
  onProgress?: ((progress: number) => void) | undefined;
  /** Longest silence of the worker during a call before it counts as hung, in ms; progress starts it anew. */
  silenceMs?: number;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: number) => void) | undefined;
}

export interface WorkerClient {
  /** Starts the worker if need be. @throws RemoteError "unsupported", or WorkerCrash when it died twice. */
  ready(): Promise<LoadReport>;
  /** Loads first if need be; asks once more after a crash. @throws RemoteError, WorkerCrash, AbortError. */
  call<C extends WorkerCall>(call: C, options?: CallOptions): Promise<WorkerValue<C["kind"]>>;
  terminate(): void;
}

/** The worker died or went silent; its message is the reason. */
export class WorkerCrash extends Error {
  override readonly name = "WorkerCrash";
}

interface Pending {
  alive(): void;
  onProgress(progress: number): void;
  settle(outcome: { value: unknown } | { error: Error }): void;
}
interface Started {
  worker: WorkerLike;
  pending: Map<number, Pending>;
  report: Promise<LoadReport>;
  dead: boolean;
}

const SILENCE_MS = 60_000;

export function createWorkerClient({ createWorker, load, onProgress, silenceMs = SILENCE_MS }: ClientOptions): WorkerClient {
  let lastId = 0;
  let started: Started | null = null;
  let ended = false;

  const crash = (dying: Started, reason: string) => {
    if (dying.dead) return;
    dying.dead = true;
    dying.worker.terminate();
    if (started === dying) started = null;
    for (const { settle } of [...dying.pending.values()]) settle({ error: new WorkerCrash(reason) });
  };

  const post = (to: Started, call: WorkerCall, { signal, onProgress }: CallOptions): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (to.dead) return reject(new WorkerCrash("The worker has ended"));
      if (signal?.aborted) return reject(signal.reason);
      const id = ++lastId;
      let timer: ReturnType<typeof setTimeout>;
      const onAbort = () => {
        to.worker.postMessage({ id: ++lastId, call: { kind: "cancel", target: id } });
        entry.settle({ error: signal?.reason instanceof Error ? signal.reason : new DOMException("Aborted", "AbortError") });
      };
      const entry: Pending = {
        onProgress: (progress) => onProgress?.(progress),
        alive() {
          clearTimeout(timer);
          timer = setTimeout(() => crash(to, `The worker said nothing for ${silenceMs / 1000} seconds`), silenceMs);
        },
        settle(outcome) {
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
          to.pending.delete(id);
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.value);
        },
      };
      entry.alive();
      signal?.addEventListener("abort", onAbort);
      to.pending.set(id, entry);
      to.worker.postMessage({ id, call });
    });

  const start = (): Started => {
    const fresh: Started = { worker: createWorker(), pending: new Map(), report: Promise.reject(new Error("not loaded")), dead: false };
    fresh.report.catch(() => undefined);
    fresh.worker.addEventListener("message", ({ data }) => {
      const reply = WorkerReply.safeParse(data);
      if (!reply.success) return crash(fresh, "The worker sent something that is no reply");
      // One inference runs at a time: a sign of life for one call is one for all that wait behind it.
      for (const entry of fresh.pending.values()) entry.alive();
      const pending = fresh.pending.get(reply.data.id);
      // Answers to calls that were given up, and to "cancel", have nobody who waits.
      if (!pending) return;
      if (reply.data.kind === "progress") pending.onProgress(reply.data.progress);
      else if (reply.data.kind === "error") pending.settle({ error: new RemoteError(reply.data.error) });
      else pending.settle({ value: reply.data.value });
    });
    const onError = (event: { message?: string }) => crash(fresh, event.message || "The worker stopped with an error");
    fresh.worker.addEventListener("error", onError);
    fresh.worker.addEventListener("messageerror", onError);
    const { allowFallbackAdapter = false, ...rest } = load;
    fresh.report = post(fresh, { kind: "load", allowFallbackAdapter, ...rest }, { onProgress }).then((value) =>
      workerValues.load.parse(value),
    );
    // Whoever calls sees the rejection; without a caller it must not count as unhandled.
    fresh.report.catch(() => undefined);
    return fresh;
  };

  /** The crash may have been this worker's own bad luck: one more try with a new one, then it is reported. */
  const twice = async <T>(work: (on: Started) => Promise<T>): Promise<T> => {
    const attempt = async () => {
      if (ended) throw new WorkerCrash("The worker was ended");
      started ??= start();
      return work(started);
    };
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof WorkerCrash) || ended) throw error;
      return attempt();
    }
  };

  return {
    ready: () => twice((on) => on.report),
    call: <C extends WorkerCall>(call: C, options: CallOptions = {}) =>
      twice(async (on) => {
        await on.report;
        const value = await post(on, call, options);
        // The schema is the one that belongs to `kind`; TypeScript cannot follow the index.
        return workerValues[call.kind].parse(value) as WorkerValue<C["kind"]>;
      }),
    terminate() {
      ended = true;
      if (started) crash(started, "The worker was ended");
    },
  };
}
