// The engine is chosen by measurement: plain WASM stays unless something proves right and at least a tenth faster.
import { describe, expect, it } from "vitest";
import { calibrate, threadsToTry } from "../../../extension/inference/calibrate.ts";
import type { LoadReport, SelfTestReport, WorkerCall } from "../../../extension/inference/protocol.ts";
import { RemoteError } from "../../../extension/inference/protocol.ts";
import type { WorkerClient } from "../../../extension/inference/worker-client.ts";

const report = (change: Partial<LoadReport> = {}): LoadReport => ({
  modelVersion: "m1",
  backend: "wasm",
  threads: 1,
  crossOriginIsolated: true,
  problem: null,
  notes: [],
  ...change,
});
const passed: SelfTestReport = { ok: true, cases: 3, worst: 0, tolerance: 0.1, flips: 0, failures: [] };

interface Fake extends WorkerClient {
  ended: boolean;
}

/** A machine with a virtual clock: a window takes as long as the table says for "wasm 1", "wasm 2", "webgpu 1". */
function machine(
  times: Record<string, number>,
  special: Record<string, { report?: Partial<LoadReport>; unsupported?: string; test?: SelfTestReport }> = {},
) {
  let clock = 0;
  const order: string[] = [];
  const clients: Record<string, Fake> = {};
  const start = (backend: "wasm" | "webgpu", threads: number): Fake => {
    const name = `${backend} ${threads}`;
    const { unsupported, test = passed, report: change } = special[name] ?? {};
    const answers = {
      "self-test": () => test,
      measure: () => {
        order.push(name);
        clock += times[name] ?? 1;
        return [times[name] ?? 1];
      },
    };
    const client: Fake = {
      ended: false,
      async ready() {
        if (unsupported) throw new RemoteError({ name: "Error", message: unsupported, code: "unsupported" });
        return report({ backend, threads, ...change });
      },
      call: async (call: WorkerCall, options = {}) => {
        options.signal?.throwIfAborted();
        return answers[call.kind as "measure"]() as never;
      },
      terminate() {
        client.ended = true;
      },
    };
    clients[name] = client;
    return client;
  };
  const run = (change: { cores?: number; isolated?: boolean; webgpu?: "auto" | "off"; signal?: AbortSignal } = {}) =>
    calibrate({
      start,
      current: start("wasm", 1),
      currentReport: report({ crossOriginIsolated: change.isolated ?? true }),
      cores: change.cores ?? 4,
      webgpu: change.webgpu ?? "off",
      now: () => clock,
      date: () => new Date("2026-01-02T03:04:05Z"),
      signal: change.signal ?? new AbortController().signal,
    });
  return { run, clients, order };
}

describe("calibrate", () => {
  it("takes threads that are a tenth faster, warms up by time and count, and measures in turns", async () => {
    const { run, clients, order } = machine({ "wasm 1": 100, "wasm 2": 80 });
    expect(await run()).toEqual({
      backend: "wasm",
      threads: 2,
      reason: "WASM with 2 threads: WASM with 2 threads took 80.0 ms a window, WASM with 1 thread 100.0 ms; WebGPU is switched off.",
      measured: [
        { backend: "wasm", threads: 1, medianMs: 100 },
        { backend: "wasm", threads: 2, medianMs: 80 },
      ],
      modelVersion: "m1",
      at: "2026-01-02T03:04:05.000Z",
    });
    expect(order.slice(0, 11)).toEqual([...new Array(10).fill("wasm 1"), "wasm 2"]);
    expect(order.slice(-4)).toEqual(["wasm 1", "wasm 2", "wasm 1", "wasm 2"]);
    expect([clients["wasm 1"]?.ended, clients["wasm 2"]?.ended]).toEqual([false, true]);
  });

  it("warms up for half a second where ten runs are over sooner", async () => {
    const { run, order } = machine({ "wasm 1": 10, "wasm 2": 10 });
    await run();
    expect(order.indexOf("wasm 2")).toBe(50);
  });

  it("stays plain when threads gain less than a tenth", async () => {
    expect(await machine({ "wasm 1": 100, "wasm 2": 91 }).run()).toMatchObject({ backend: "wasm", threads: 1 });
  });

  it("does not try threads without isolation or a second core, and says so", async () => {
    expect((await machine({}).run({ isolated: false })).reason).toContain("not cross-origin isolated");
    expect((await machine({}).run({ cores: 1 })).reason).toContain("one core");
    expect([1, 2, 4, 8, 16].map((cores) => threadsToTry(cores, true))).toEqual([1, 2, 2, 4, 4]);
  });

  it("takes WebGPU when it is right and faster than the best of the others", async () => {
    const { run, clients } = machine({ "wasm 1": 100, "wasm 2": 70, "webgpu 1": 20 });
    expect(await run({ webgpu: "auto" })).toMatchObject({ backend: "webgpu", threads: 1 });
    expect(Object.entries(clients).map(([name, { ended }]) => [name, ended])).toEqual([
      ["wasm 1", false],
      ["wasm 2", true],
      ["webgpu 1", true],
    ]);
  });

  it.each([
    ["no adapter", { unsupported: "There is no graphics adapter" }, "There is no graphics adapter"],
    ["a wrong answer", { test: { ...passed, ok: false, failures: ["cve: logits differ by 2"] } }, "logits differ by 2"],
    ["a broken model", { report: { problem: { code: "missing" as const, message: "No file for WebGPU." } } }, "No file for WebGPU."],
  ])("does not take WebGPU with %s, however fast", async (_name, special, reason) => {
    const { run, clients } = machine({ "wasm 1": 100, "wasm 2": 100, "webgpu 1": 1 }, { "webgpu 1": special });
    const choice = await run({ webgpu: "auto" });
    expect(choice).toMatchObject({ backend: "wasm", threads: 1 });
    expect(choice.reason).toContain(reason);
    expect(clients["webgpu 1"]?.ended).toBe(true);
  });

  it("gives up at once when a ticket comes in, and ends the workers that it started", async () => {
    const controller = new AbortController();
    const { run, clients, order } = machine({ "wasm 1": 100, "wasm 2": 80 });
    const push = order.push.bind(order);
    order.push = (...names) => {
      if (order.length === 12) controller.abort();
      return push(...names);
    };
    await expect(run({ signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(clients["wasm 2"]?.ended).toBe(true);
  });
});
