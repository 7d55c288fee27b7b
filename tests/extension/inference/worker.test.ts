// Client and worker together: every request is answered, crashes and silence end in a restart and then in a plain error.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLane } from "../../../extension/inference/lane.ts";
import { memoryCache } from "../../../extension/inference/passage-cache.ts";
import { createWorkerClient } from "../../../extension/inference/worker-client.ts";
import { type FakeWorker, fakeWorker, tinyUrl } from "./worker-pair.ts";

const request = (text: string, key = "A-1") => ({
  ticket: { system: "jira-cloud" as const, key },
  blocks: [{ id: "d", role: "description" as const, text }],
});
const analyzeCall = (text: string, key?: string) => ({ kind: "analyze" as const, request: request(text, key), textCut: false });

function pair(change: Parameters<typeof fakeWorker>[0] = {}, baseUrl = tinyUrl) {
  const workers: FakeWorker[] = [];
  const client = createWorkerClient({
    createWorker() {
      const worker = fakeWorker(change);
      workers.push(worker);
      return worker;
    },
    load: { baseUrl, threads: 2 },
    silenceMs: 20_000,
  });
  return { client, workers };
}

describe("client and worker", () => {
  it("load the model and answer, with the golden self-test passed", async () => {
    const { client } = pair();
    expect(await client.ready()).toMatchObject({ modelVersion: "tiny", backend: "wasm", threads: 1, problem: null, notes: [] });
    const seen: number[] = [];
    const suggestion = await client.call(analyzeCall("ransomware CVE-2021-44228"), { onProgress: (progress) => seen.push(progress) });
    expect(suggestion).toMatchObject({ modelVersion: "tiny", backend: "wasm", modelCalls: 1, problem: null });
    expect((await client.call(analyzeCall("ransomware CVE-2021-44228"))).modelCalls).toBe(0);
    expect(seen.at(-1)).toBe(1);
    expect(await client.call({ kind: "self-test" })).toMatchObject({ ok: true, flips: 0 });
    expect(await client.call({ kind: "measure", runs: 3 })).toHaveLength(3);
  });

  it("uses threads only where the worker is cross-origin isolated", async () => {
    expect(await pair({ crossOriginIsolated: true }).client.ready()).toMatchObject({ threads: 2 });
  });

  it("answer by rules when the model is missing, and say so in the report", async () => {
    const { client } = pair({}, new URL("nowhere/", tinyUrl).href);
    const report = await client.ready();
    expect(report.problem).toMatchObject({ code: "missing" });
    expect(await client.call(analyzeCall("hxxp://evil[.]example"))).toMatchObject({ backend: "rules", problem: report.problem });
    await expect(client.call({ kind: "self-test" })).rejects.toMatchObject({ code: "missing" });
  });

  it("pass on that a backend cannot run here", async () => {
    const startRuntime = () => Promise.reject(Object.assign(new Error("no adapter"), { code: "unsupported" }));
    await expect(pair({ startRuntime }).client.ready()).rejects.toMatchObject({ code: "unsupported", message: "no adapter" });
  });

  it("remember in memory when the lasting cache does not open, and note it", async () => {
    const { client } = pair({ openCache: () => Promise.reject(new Error("IndexedDB is off")) });
    expect((await client.ready()).notes).toEqual(["Answers are kept in memory only: IndexedDB is off"]);
    await client.call(analyzeCall("a"));
    expect((await client.call(analyzeCall("a"))).modelCalls).toBe(0);
  });

  it("share a lasting cache between two lives", async () => {
    const lasting = memoryCache();
    const first = pair({ openCache: async () => lasting });
    await first.client.call(analyzeCall("keep me"));
    const second = pair({ openCache: async () => lasting });
    expect((await second.client.call(analyzeCall("keep me"))).modelCalls).toBe(0);
  });

  it("answer what is no request with an error, not with silence", async () => {
    const worker = fakeWorker();
    const replies: unknown[] = [];
    worker.addEventListener("message", ({ data }) => replies.push(data));
    worker.postMessage(JSON.parse('{"id":7,"call":{"kind":"format the disk"}}'));
    await vi.waitFor(() => expect(replies).toMatchObject([{ id: 7, kind: "error", error: { name: "TypeError" } }]));
  });

  it("cancel: the caller is free at once and the worker is told", async () => {
    const { client, workers } = pair();
    await client.ready();
    const controller = new AbortController();
    const begun = workers[0]?.onceSent("analyze");
    const running = client.call(analyzeCall("many windows ".repeat(2000)), { signal: controller.signal });
    await begun;
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(workers[0]?.sent.at(-1)?.call).toMatchObject({ kind: "cancel" });
    expect((await client.call(analyzeCall("next"))).problem).toBeNull();
  });

  it("start a new worker once after a crash and ask again", async () => {
    const { client, workers } = pair();
    await client.ready();
    const begun = workers[0]?.onceSent("analyze");
    const running = client.call(analyzeCall("a"));
    await begun;
    workers[0]?.crash("out of memory");
    expect((await running).problem).toBeNull();
    expect([workers.length, workers[0]?.terminated]).toEqual([2, true]);
  });

  it("report a second crash", async () => {
    const workers: FakeWorker[] = [];
    const client = createWorkerClient({
      createWorker() {
        const worker = fakeWorker();
        workers.push(worker);
        queueMicrotask(() => worker.crash("out of memory"));
        return worker;
      },
      load: { baseUrl: tinyUrl, threads: 1 },
    });
    await expect(client.ready()).rejects.toMatchObject({ name: "WorkerCrash", message: "out of memory" });
    expect(workers).toHaveLength(2);
  });

  it("take a reply of unknown shape for a crash", async () => {
    const { client, workers } = pair();
    await client.ready();
    const begun = workers[0]?.onceSent("analyze");
    const running = client.call(analyzeCall("a"));
    await begun;
    workers[0]?.say({ hello: "world" });
    await running;
    expect(workers).toHaveLength(2);
  });

  it("are over after terminate", async () => {
    const { client } = pair();
    await client.ready();
    client.terminate();
    await expect(client.call(analyzeCall("a"))).rejects.toMatchObject({ name: "WorkerCrash" });
  });
});

describe("a silent worker", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("counts as crashed after its time", async () => {
    const workers: FakeWorker[] = [];
    const client = createWorkerClient({
      createWorker() {
        const worker = fakeWorker();
        worker.hang();
        workers.push(worker);
        return worker;
      },
      load: { baseUrl: tinyUrl, threads: 1 },
      silenceMs: 1000,
    });
    const outcome = expect(client.ready()).rejects.toMatchObject({
      name: "WorkerCrash",
      message: expect.stringContaining("said nothing for 1 s"),
    });
    await vi.advanceTimersByTimeAsync(2500);
    await outcome;
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true]);
  });
});

describe("createLane", () => {
  it("runs one thing at a time, of one ticket the newest first, and survives failures", async () => {
    const lane = createLane();
    const log: string[] = [];
    const job = (group: string, order: number, fail = false) =>
      lane.run(group, order, async () => {
        log.push(`${group}${order} begins`);
        await Promise.resolve();
        log.push(`${group}${order} ends`);
        if (fail) throw new Error("no");
      });
    const results = await Promise.allSettled([job("a", 1), job("a", 2, true), job("b", 3), job("a", 4)]);
    expect(log).toEqual(["a1", "a4", "a2", "b3"].flatMap((name) => [`${name} begins`, `${name} ends`]));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  });
});
