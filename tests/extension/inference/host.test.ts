// The host answers every ticket: by the model, by the model again after a crash, by rules when nothing else is left.
import { describe, expect, it, vi } from "vitest";
import { createInferenceHost, type EngineStatus, type HostOptions } from "../../../extension/inference/host.ts";
import type { OrtRuntime } from "../../../extension/inference/session.ts";
import { nodeRuntime } from "../../../scripts/node-model.ts";
import { type FakeWorker, fakeWorker, tinyUrl } from "./worker-pair.ts";

const request = (text: string) => ({
  ticket: { system: "jira-cloud" as const, key: "A-1" },
  blocks: [{ id: "d", role: "description" as const, text }],
});
const choice = (change: Partial<NonNullable<EngineStatus["choice"]>> = {}) => ({
  backend: "wasm" as const,
  threads: 1,
  reason: "measured",
  measured: [],
  modelVersion: "tiny",
  at: "2026-01-02T03:04:05.000Z",
  ...change,
});
const unsupported = () => Promise.reject(Object.assign(new Error("no adapter"), { code: "unsupported" }));

/** onnxruntime whose threat logits have the wrong sign. */
async function liar(): Promise<OrtRuntime> {
  const ort = await nodeRuntime();
  const create: OrtRuntime["InferenceSession"]["create"] = async (...input: unknown[]) => {
    const session = await ort.InferenceSession.create(...(input as [Uint8Array]));
    const run = session.run.bind(session);
    session.run = async (feeds: Parameters<typeof run>[0]) => {
      const outputs = await run(feeds);
      const { logits } = outputs;
      if (logits?.data instanceof Float32Array) for (const [index, value] of logits.data.entries()) logits.data[index] = -value;
      return outputs;
    };
    return session;
  };
  return { ...ort, InferenceSession: { ...ort.InferenceSession, create } };
}

function host(change: Partial<HostOptions> = {}, worker: Parameters<typeof fakeWorker>[0] = {}) {
  const statuses: EngineStatus[] = [];
  const workers: [string, FakeWorker][] = [];
  const made = createInferenceHost({
    baseUrl: tinyUrl,
    createWorker(backend) {
      const fresh = fakeWorker(backend === "webgpu" ? { backend, startRuntime: unsupported } : worker);
      workers.push([backend, fresh]);
      return fresh;
    },
    settings: { webgpu: "auto" },
    choice: null,
    onStatus: (status) => statuses.push(status),
    cores: 2,
    idleMs: null,
    ...change,
  });
  return { ...made, statuses, workers };
}

describe("createInferenceHost", () => {
  it("answers by the model and tells its status", async () => {
    const { analyze, statuses, diagnostics } = host();
    expect(await analyze(request("phishing mail"))).toMatchObject({ modelVersion: "tiny", backend: "wasm", problem: null });
    expect(statuses.at(-1)).toMatchObject({
      modelVersion: "tiny",
      backend: "wasm",
      threads: 1,
      crossOriginIsolated: false,
      choice: null,
      problem: null,
    });
    expect(diagnostics()).toEqual(statuses.at(-1));
  });

  it("passes `textCut` on as truncated", async () => {
    expect(await host().analyze(request("a"), { textCut: true })).toMatchObject({ truncated: true });
  });

  it("answers by rules when the model is missing, and the status says why", async () => {
    const { analyze, statuses } = host({ baseUrl: new URL("nowhere/", tinyUrl).href });
    expect(await analyze(request("CVE-2021-44228"))).toMatchObject({
      backend: "rules",
      problem: { code: "missing" },
      blocks: [{ spans: [{ label: "cve" }] }],
    });
    expect(statuses.at(-1)).toMatchObject({ backend: "rules", problem: { code: "missing" } });
  });

  it("answers by rules when every worker dies", async () => {
    const { analyze, statuses } = host({
      createWorker() {
        const worker = fakeWorker();
        queueMicrotask(() => worker.crash("out of memory"));
        return worker;
      },
    });
    expect(await analyze(request("CVE-2021-44228"))).toMatchObject({
      backend: "rules",
      problem: { code: "failed", message: expect.stringContaining("out of memory") },
    });
    expect(statuses.at(-1)?.backend).toBe("rules");
  });

  it("recovers with the next ticket, and its status with it", async () => {
    let bad = true;
    const { analyze, diagnostics } = host({
      createWorker() {
        const worker = fakeWorker();
        if (bad) queueMicrotask(() => worker.crash("out of memory"));
        return worker;
      },
    });
    await analyze(request("a"));
    bad = false;
    expect(await analyze(request("a"))).toMatchObject({ backend: "wasm", problem: null });
    expect(diagnostics()).toMatchObject({ backend: "wasm", problem: null });
  });

  it("is cancelled by its caller", async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(host().analyze(request("a"), { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  });

  it("falls back to WASM when a stored WebGPU choice does not start any more", async () => {
    const { analyze, statuses, workers } = host({ choice: choice({ backend: "webgpu" }) });
    expect(await analyze(request("a"))).toMatchObject({ backend: "wasm", problem: null });
    expect(workers.map(([backend]) => backend)).toEqual(["webgpu", "wasm"]);
    expect(statuses.at(-1)).toMatchObject({ choice: null, backend: "wasm" });
    expect(statuses.flatMap(({ notes }) => notes).join()).toContain("no adapter");
  });

  it("forgets a choice that was measured with another model", async () => {
    const { analyze, statuses, workers } = host({ choice: choice({ threads: 2, modelVersion: "older" }) }, { crossOriginIsolated: true });
    expect(await analyze(request("a"))).toMatchObject({ problem: null });
    expect(workers).toHaveLength(2);
    expect(statuses.at(-1)).toMatchObject({ choice: null, threads: 1 });
  });

  it("measures when it is quiet and keeps the choice", async () => {
    const { analyze, statuses } = host({ idleMs: 1 });
    await analyze(request("a"));
    await vi.waitFor(() => expect(statuses.at(-1)?.choice).not.toBeNull(), { timeout: 15_000 });
    expect(statuses.at(-1)?.choice).toMatchObject({ backend: "wasm", threads: 1, modelVersion: "tiny" });
    expect(statuses.at(-1)?.choice?.reason).toContain("no adapter");
  });

  it("shows rules only when the self-test fails", async () => {
    const { analyze, selfTest, diagnostics } = host({}, { startRuntime: liar });
    expect(await selfTest()).toBe(false);
    expect(diagnostics()).toMatchObject({ backend: "rules", problem: { code: "failed" } });
    expect(await analyze(request("a"))).toMatchObject({ backend: "rules", threatType: null, problem: { code: "failed" } });
  });

  it("goes on with one thread where stored threads do not start any more", async () => {
    const statuses: EngineStatus[] = [];
    const { analyze } = host({
      choice: choice({ threads: 2 }),
      createWorker() {
        const worker = fakeWorker();
        // Until the host has given the threads up, every worker dies.
        if (statuses.length === 0) queueMicrotask(() => worker.crash("no shared memory"));
        return worker;
      },
      onStatus: (status) => statuses.push(status),
    });
    expect(await analyze(request("a"))).toMatchObject({ backend: "wasm", problem: null });
    expect(statuses.at(-1)).toMatchObject({ choice: null, threads: 1, notes: ["2 threads given up: no shared memory"] });
  });

  it("passes its self-test", async () => {
    const { selfTest, diagnostics } = host();
    expect(await selfTest()).toBe(true);
    expect(diagnostics().problem).toBeNull();
  });
});
