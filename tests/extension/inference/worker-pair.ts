// A worker without a browser: the real server and the real client's `WorkerLike`, joined by copied messages.
import { pathToFileURL } from "node:url";
import type { PassageCache } from "../../../extension/inference/passage-cache.ts";
import type { WorkerReply, WorkerRequest } from "../../../extension/inference/protocol.ts";
import type { OrtRuntime } from "../../../extension/inference/session.ts";
import type { WorkerLike } from "../../../extension/inference/worker-client.ts";
import { createWorkerServer } from "../../../extension/inference/worker-server.ts";
import { fetchFile, nodeRuntime } from "../../../scripts/node-model.ts";

export const tinyUrl = new URL("models/tiny/", pathToFileURL(`${process.cwd()}/`)).href;

export interface FakeWorker extends WorkerLike {
  /** Messages that the client sent. */
  sent: WorkerRequest[];
  /** Resolves when the client sends a message of this kind, before the worker sees it. */
  onceSent(kind: WorkerRequest["call"]["kind"]): Promise<void>;
  crash(message: string): void;
  /** Everything from now on is swallowed, as by a worker in an endless loop. */
  hang(): void;
  say(reply: unknown): void;
  terminated: boolean;
}

interface Change {
  backend?: "wasm" | "webgpu";
  startRuntime?: () => Promise<OrtRuntime>;
  openCache?: (() => Promise<PassageCache>) | null;
  crossOriginIsolated?: boolean;
}

export function fakeWorker(change: Change = {}): FakeWorker {
  const listeners: { message: ((event: { data: unknown }) => void)[]; error: ((event: { message?: string }) => void)[] } = {
    message: [],
    error: [],
  };
  const sent: WorkerRequest[] = [];
  let mute = false;
  const deliver = (data: unknown) => {
    if (!mute) for (const listener of listeners.message) listener({ data: structuredClone(data) });
  };
  const handle = createWorkerServer({
    backend: "wasm",
    startRuntime: nodeRuntime,
    openCache: null,
    fetch: fetchFile,
    post: (reply: WorkerReply) => queueMicrotask(() => deliver(reply)),
    now: () => performance.now(),
    crossOriginIsolated: false,
    ...change,
  });
  const awaited = new Map<string, () => void>();
  const worker: FakeWorker = {
    sent,
    onceSent: (kind) => new Promise((resolve) => awaited.set(kind, resolve)),
    terminated: false,
    postMessage(message) {
      sent.push(message);
      awaited.get(message.call.kind)?.();
      const copy = structuredClone(message);
      if (!mute) queueMicrotask(() => handle(copy));
    },
    terminate() {
      worker.terminated = true;
      mute = true;
    },
    addEventListener(type: string, listener: (event: never) => void) {
      if (type === "message") listeners.message.push(listener as (event: { data: unknown }) => void);
      else if (type === "error") listeners.error.push(listener as (event: { message?: string }) => void);
    },
    crash(message) {
      mute = true;
      for (const listener of listeners.error) listener({ message });
    },
    hang() {
      mute = true;
    },
    say: deliver,
  };
  return worker;
}
