// How the model runs in a real browser: threads, the software GPU for the tiny model, falling back, and the published answers on each way.
import { afterEach, expect, test } from "vitest";
import type { EngineStatus } from "../../extension/messages.ts";
import { type Bench, shipped, startBench, tiny } from "./lab.ts";

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

/** Opens a ticket (which starts the host) under these settings, and waits until the engine has been chosen by measurement. */
async function measured(build: string, webgpu: "auto" | "off" | "software", flags: string[], timeoutMs: number): Promise<EngineStatus> {
  bench = await startBench(build, flags);
  await bench.console.evaluate((value) => chrome.storage.local.set({ "engine.settings": { webgpu: value } }), webgpu);
  const [ticket] = bench.desk.tickets;
  if (!ticket) throw new Error("The desk is empty");
  await bench.open(ticket);
  const until = performance.now() + timeoutMs;
  for (;;) {
    const stored = await bench.console.evaluate(() => chrome.storage.session.get("engine.status"));
    const status = stored["engine.status"] as EngineStatus | undefined;
    if (status?.choice || status?.problem) return status;
    if (performance.now() > until) throw new Error(`The engine was not measured in ${timeoutMs} ms: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("the shipped model gives the published answers on WASM, with one thread and with more, and says which is faster", async () => {
  const status = await measured(shipped, "off", [], 120_000);
  expect(status.problem).toBeNull();
  expect(status.crossOriginIsolated).toBe(true);
  expect(status.notes.join(" ")).toMatch(/Self-test: (\d+) of \1 published answers/);
  expect(status.choice?.reason).toMatch(/WASM with \d threads took [\d.]+ ms a window/);
  expect(status.choice?.reason).toContain("WebGPU is switched off");
  expect(status.choice?.measured.length).toBe(2);
});

test("the tiny model gives the published answers on WebGPU over the software adapter", async () => {
  const status = await measured(tiny, "software", ["--enable-unsafe-webgpu"], 240_000);
  expect(status.problem).toBeNull();
  // A way is timed only after its self-test agreed.
  expect(status.choice?.reason).toMatch(/WebGPU took [\d.]+ ms a window/);
  expect(status.choice?.measured.some(({ backend }) => backend === "webgpu")).toBe(true);
});

test("a software GPU does not count as one: options can say why WebGPU is not used", async () => {
  const status = await measured(tiny, "auto", ["--enable-unsafe-webgpu"], 120_000);
  expect(status.choice?.backend).toBe("wasm");
  expect(status.choice?.reason).toMatch(/WebGPU is not used: .*software/);
});
