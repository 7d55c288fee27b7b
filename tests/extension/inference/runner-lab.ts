// What tests of the model's runner share: a background with the real state, and hosts whose models are good or bad in a way of their own.
import { createInferenceHost, type HostOptions } from "../../../extension/inference/host.ts";
import { createModelRunner } from "../../../extension/inference/model-runner.ts";
import type { OrtRuntime } from "../../../extension/inference/session.ts";
import { choiceOf } from "../../../extension/releases/model-view.ts";
import * as steps from "../../../extension/releases/release-state.ts";
import { nodeRuntime } from "../../../scripts/node-model.ts";
import { ModelNews } from "../../../shared/model-run.ts";
import { release } from "../releases/lab.ts";
import { type FakeWorker, fakeWorker, tinyUrl } from "./worker-pair.ts";

export const request = (text: string) => ({
  ticket: { system: "jira-cloud" as const, key: "A-1" },
  blocks: [{ id: "d", role: "description" as const, text }],
});

/** onnxruntime that computes the same, and then this is done to the threat logits; windows of tickets wait before. */
export async function bent(bend: (logits: Float32Array) => void, wait?: Promise<void>): Promise<OrtRuntime> {
  const ort = await nodeRuntime();
  const create: OrtRuntime["InferenceSession"]["create"] = async (...input: unknown[]) => {
    const session = await ort.InferenceSession.create(...(input as [Uint8Array]));
    const run = session.run.bind(session);
    session.run = async (feeds: Parameters<typeof run>[0]) => {
      if (feeds.input_ids?.dims[1] !== timedWindow) await wait;
      const outputs = await run(feeds);
      if (outputs.logits?.data instanceof Float32Array) bend(outputs.logits.data);
      return outputs;
    };
    return session;
  };
  return { ...ort, InferenceSession: { ...ort.InferenceSession, create } };
}
/** Tokens of the windows that are timed. */
const timedWindow = 128;
const busyFor = (ms: number) => () => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

type Kind = "good" | "nan" | "flips" | "slow" | "crashes" | "missing" | "stumbles";
const runtimes: Record<Kind, () => Promise<OrtRuntime>> = {
  good: nodeRuntime,
  crashes: nodeRuntime,
  missing: nodeRuntime,
  nan: () => bent((logits) => logits.fill(Number.NaN)),
  flips: () => bent((logits) => logits.reverse()),
  slow: () => bent(busyFor(120)),
  stumbles: () => {
    let first = true;
    return bent((logits) => {
      if (first) logits.fill(Number.NaN);
      first = false;
    });
  },
};

/** A host on the processor alone, that says nothing and never calibrates. */
export const hostOf = (options: Pick<HostOptions, "baseUrl" | "createWorker"> & Partial<HostOptions>) =>
  createInferenceHost({ settings: { webgpu: "off" }, choice: null, onStatus: () => undefined, cores: 1, idleMs: null, ...options });
export const nowhere = new URL("nowhere/", tinyUrl).href;

/** A background with the real state, and a host whose release 7 (and 8) is of this kind. */
export function begin(
  kinds: Record<number, Kind>,
  prepared: steps.ReleaseState = steps.noReleases,
  { gate, onNews }: { gate?: Promise<void>; onNews?: (news: ModelNews) => Promise<void> } = {},
) {
  let state = prepared;
  const news: ModelNews[] = [];
  const workers: FakeWorker[] = [];
  const kept = Object.keys(kinds).map(Number);
  for (const counter of kept)
    if (!state.kept.some(({ manifest }) => manifest.counter === counter))
      state = steps.stage(state, { manifest: release({ counter }).manifest, digest: "0".repeat(64) }, release().manifest.version);
  const choose = async () => {
    state = steps.start(state, null);
    return choiceOf(state, null);
  };
  const start = async () =>
    createModelRunner({
      first: await choose(),
      makeHost(counter, onStatus) {
        const kind = counter === null ? "good" : (kinds[counter] ?? "missing");
        return hostOf({
          baseUrl: kind === "missing" ? nowhere : tinyUrl,
          onStatus,
          createWorker() {
            const held = counter === null && gate ? () => bent(() => undefined, gate) : null;
            const worker = fakeWorker({ startRuntime: held ?? runtimes[kind] });
            if (kind === "crashes") void worker.onceSent("self-test").then(() => worker.crash("out of memory ".repeat(100)));
            workers.push(worker);
            return worker;
          },
        });
      },
      onStatus: () => undefined,
      async tell(told) {
        // As the background reads it.
        news.push(ModelNews.parse(told));
        await onNews?.(told);
        state = steps.hear(state, told, 0, null);
        return choiceOf(state, null);
      },
      choose,
    });
  return { start, news, workers, state: () => state, change: (step: typeof steps.goBack) => (state = step(state)) };
}
export const line = (...counters: number[]): steps.ReleaseState =>
  counters.reduceRight<steps.ReleaseState>(
    (state, counter) => {
      const { manifest } = release({ counter });
      const staged = steps.stage(state, { manifest, digest: "0".repeat(64) }, manifest.version);
      return { ...staged, line: [counter, ...state.line] };
    },
    { ...steps.noReleases, trial: { since: 0, scans: 0 } },
  );
