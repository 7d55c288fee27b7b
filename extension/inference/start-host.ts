// Starts the model's host where this browser has it: Chromium's offscreen document, Firefox's background page.
import { browser } from "wxt/browser";
import { type ModelChoice, type ModelNews, packagedModel } from "../../shared/model-run.ts";
import type { EngineMemory, EngineStatus } from "../messages.ts";
import { sendMessage } from "../messages.ts";
import { releaseUrl } from "../releases/release-url.ts";
import { createInferenceHost } from "./host.ts";
import { createModelRunner, type ModelRunner } from "./model-runner.ts";
import { servePorts } from "./port-host.ts";
import { workerStarter } from "./start-worker.ts";

/** How the host reads and keeps what must outlive it: by message from an offscreen document, directly from the background. */
interface Memory {
  read(): Promise<EngineMemory>;
  keep(status: EngineStatus): Promise<void>;
  tell(news: ModelNews): Promise<ModelChoice>;
}

const byMessage: Memory = {
  read: () => sendMessage("engine.memory", undefined),
  keep: (status) => sendMessage("engine.status", status),
  tell: (news) => sendMessage("model.news", news),
};

/** Call once a document. Ports are answered at once; the model is loaded beside. @returns the part that the background may ask. */
export function startHost(memory: Memory = byMessage): Pick<ModelRunner, "rehearse" | "changeOver"> {
  const createWorker = workerStarter();
  /** Pages that wait while the model loads. */
  const loading = new Set<(progress: number) => void>();
  const remembered = memory.read().catch((error: unknown): EngineMemory => {
    console.warn("SecTag: settings could not be read, the defaults are used", error);
    return { settings: { webgpu: "auto" }, choice: null, model: packagedModel };
  });
  const runner = remembered.then(({ settings, choice, model }) =>
    createModelRunner({
      first: model,
      makeHost: (counter, onStatus, isCurrent) =>
        createInferenceHost({
          baseUrl: counter === null ? new URL("/model/", location.origin).href : releaseUrl(counter),
          createWorker,
          settings: { webgpu: settings.webgpu === "off" ? "off" : "auto" },
          allowFallbackAdapter: settings.webgpu === "software",
          // What was measured with one model says nothing of another.
          choice: counter === model.counter ? choice : null,
          cores: navigator.hardwareConcurrency,
          onLoading: (progress) => {
            if (isCurrent()) for (const listener of loading) listener(progress);
          },
          onStatus,
        }),
      // A status that cannot be kept is missing in options only; the next one may get through.
      onStatus: (status) =>
        void memory.keep(status).catch((error: unknown) => console.warn("SecTag: the engine's status was not kept", error)),
      tell: memory.tell,
      choose: async () => (await memory.read()).model,
    }),
  );
  servePorts({
    runtime: browser.runtime,
    async analyze(request, { onLoading, ...options }) {
      loading.add(onLoading);
      try {
        return await (await runner).analyze(request, options);
      } finally {
        loading.delete(onLoading);
      }
    },
  });
  const report = (error: unknown) => console.error("SecTag: the model's host did not do its work", error);
  runner.then((ready) => ready.warmUp()).catch(report);
  // Both take long, and tell by `model.news` what came of it.
  return {
    rehearse: async (counter) => void runner.then((ready) => ready.rehearse(counter)).catch(report),
    changeOver: async () => void runner.then((ready) => ready.changeOver()).catch(report),
  };
}
