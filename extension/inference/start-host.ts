// Starts the model's host where this browser has it: Chromium's offscreen document, Firefox's background page.
import { browser } from "wxt/browser";
import type { EngineMemory, EngineStatus } from "../messages.ts";
import { sendMessage } from "../messages.ts";
import { createInferenceHost } from "./host.ts";
import { servePorts } from "./port-host.ts";
import { workerStarter } from "./start-worker.ts";

/** How the host reads and keeps what must outlive it: by message from an offscreen document, directly from the background. */
interface Memory {
  read(): Promise<EngineMemory>;
  keep(status: EngineStatus): Promise<void>;
}

const byMessage: Memory = {
  read: () => sendMessage("engine.memory", undefined),
  keep: (status) => sendMessage("engine.status", status),
};

/** Call once a document. Ports are answered at once; the model is loaded beside. */
export function startHost(memory: Memory = byMessage): void {
  const createWorker = workerStarter();
  /** Pages that wait while the model loads. */
  const loading = new Set<(progress: number) => void>();
  const remembered = memory.read().catch((error: unknown) => {
    console.warn("SecTag: settings could not be read, the defaults are used", error);
    return { settings: { webgpu: "auto" as const }, choice: null };
  });
  const host = remembered.then(({ settings, choice }: EngineMemory) =>
    createInferenceHost({
      baseUrl: new URL("/model/", location.origin).href,
      createWorker,
      settings: { webgpu: settings.webgpu === "off" ? "off" : "auto" },
      allowFallbackAdapter: settings.webgpu === "software",
      choice,
      cores: navigator.hardwareConcurrency,
      onLoading: (progress) => {
        for (const listener of loading) listener(progress);
      },
      // A status that cannot be kept is missing in options only; the next one may get through.
      onStatus: (status) =>
        void memory.keep(status).catch((error: unknown) => console.warn("SecTag: the engine's status was not kept", error)),
    }),
  );
  servePorts({
    runtime: browser.runtime,
    async analyze(request, { onLoading, ...options }) {
      loading.add(onLoading);
      try {
        return await (await host).analyze(request, options);
      } finally {
        loading.delete(onLoading);
      }
    },
  });
  host.then((ready) => ready.warmUp()).catch((error: unknown) => console.error("SecTag: the model's host did not start", error));
}
