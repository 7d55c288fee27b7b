// Trying a release beside the running model, changing over, and coming back: with the real host, worker and network, and the real state behind it. Rows F36 to F38.
import { describe, expect, it, vi } from "vitest";
import { createModelRunner } from "../../../extension/inference/model-runner.ts";
import * as steps from "../../../extension/releases/release-state.ts";
import type { Suggestion } from "../../../shared/contract.ts";
import { release } from "../releases/lab.ts";
import { begin, bent, hostOf, line, nowhere, request } from "./runner-lab.ts";
import { fakeWorker, tinyUrl } from "./worker-pair.ts";

describe("a release beside the running model", () => {
  it("passes its self-test, takes over, and tickets that are being read are read to their end by the old one", async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const inFlight: Promise<Suggestion>[] = [];
    const { start, workers, state } = begin({ 7: "good" }, steps.noReleases, {
      gate,
      // The ticket goes in between the self-test and the change-over.
      async onNews({ kind }) {
        if (kind !== "rehearsed") return;
        const sent = workers[0]?.onceSent("analyze");
        inFlight.push(runner.analyze(request("phishing mail")));
        await sent;
      },
    });
    const runner = await start();
    await runner.warmUp();
    await runner.rehearse(7);
    expect(state()).toMatchObject({ line: [7], denied: [] });
    const [packaged, released] = workers;
    expect([inFlight.length, packaged?.terminated]).toEqual([1, false]);
    expect(await runner.analyze(request("phishing mail"))).toMatchObject({ problem: null });
    expect(released?.sent.some(({ call }) => call.kind === "analyze")).toBe(true);
    expect(state().trial?.scans).toBe(1);
    open();
    expect(await inFlight[0]).toMatchObject({ problem: null, backend: "wasm" });
    expect(packaged?.sent.filter(({ call }) => call.kind === "analyze")).toHaveLength(1);
    expect(packaged?.terminated).toBe(true);
  });

  for (const [kind, why] of [
    ["nan", /not finite/],
    ["flips", /does not compute right/],
    ["slow", /A window took/],
    ["crashes", /out of memory/],
  ] as const)
    it(`F36 that is signed and ${kind} is denied, and the old one goes on`, async () => {
      const { start, state, workers } = begin({ 7: kind });
      const runner = await start();
      await runner.warmUp();
      await runner.rehearse(7);
      expect(state().line).toEqual([]);
      expect(steps.denialOf(state(), 7)).toMatchObject({ by: "machine", why: expect.stringMatching(why) });
      expect(await runner.analyze(request("a"))).toMatchObject({ problem: null });
      expect(workers.map(({ terminated }) => terminated)).toEqual([false, ...workers.slice(1).map(() => true)]);
    });

  it("F36 whose files cannot be read is fetched again: that is no fault of the release", async () => {
    const { start, state } = begin({ 7: "missing" });
    const runner = await start();
    await runner.warmUp();
    await runner.rehearse(7);
    expect(state()).toMatchObject({ line: [], kept: [], denied: [], rehearsals: null });
    expect(await runner.analyze(request("a"))).toMatchObject({ problem: null });
  });
});

describe("a release beside one that is left meanwhile", () => {
  it("is compared with what runs then: that the old one ended is no fault of it", async () => {
    const { start, state, change, workers } = begin({ 7: "good", 8: "good" }, { ...line(7), trial: null });
    const runner = await start();
    await runner.warmUp();
    const { manifest } = release({ counter: 8, revoked: [7] });
    change((before) => steps.note(before, manifest, "0".repeat(64)));
    // As the background asks for both: neither waits for the other.
    await Promise.all([runner.changeOver(), runner.rehearse(8)]);
    expect(state().denied.map(({ counter, by }) => [counter, by])).toEqual([[7, "operator"]]);
    expect(state().line).toEqual([8]);
    expect(workers[0]?.terminated).toBe(true);
    expect(await runner.analyze(request("a"))).toMatchObject({ problem: null });
  });
});

describe("a release that runs", () => {
  it("F37 and fails at its start gives way to the one before, then to the packaged one, within the same ticket", async () => {
    const { start, state, news } = begin({ 7: "nan", 8: "missing" }, line(8, 7));
    const runner = await start();
    expect(await runner.analyze(request("phishing"))).toMatchObject({ problem: null, backend: "wasm" });
    expect(state().line).toEqual([]);
    expect(news.flatMap((told) => (told.kind === "failed" ? [[told.counter, told.files]] : []))).toEqual([
      [8, true],
      [7, false],
    ]);
    // Files that were lost are no fault of the release.
    expect([steps.denialOf(state(), 8), steps.denialOf(state(), 7)?.by]).toEqual([undefined, "machine"]);
  });

  it("F37 and crashes at its start with a long message is denied, and its state can still be read", async () => {
    const { start, state } = begin({ 7: "crashes" }, line(7));
    const runner = await start();
    await runner.warmUp();
    expect(steps.denialOf(state(), 7)).toMatchObject({ by: "machine", why: expect.stringMatching(/^.*out of memory/) });
    expect(steps.ReleaseState.parse(state())).toEqual(state());
    expect(await runner.analyze(request("a"))).toMatchObject({ problem: null });
  });

  it("and is healthy may fail on a ticket while its published answers still come out right", async () => {
    const { start, state } = begin({ 7: "stumbles" }, { ...line(7), trial: null });
    const runner = await start();
    await runner.warmUp();
    expect(await runner.analyze(request("phishing"))).toMatchObject({ backend: "rules", problem: { code: "failed" } });
    expect(state().line).toEqual([7]);
    expect(await runner.analyze(request("phishing"))).toMatchObject({ problem: null });
  });

  it("proves itself at each start of its trial, and its attempts are taken back", async () => {
    const { start, state, news } = begin({ 7: "good" }, line(7));
    const runner = await start();
    expect(state().attempts).toBe(1);
    await runner.warmUp();
    expect(news).toEqual([{ kind: "loaded", counter: 7 }]);
    expect(state().attempts).toBe(0);
    await runner.analyze(request("a"));
    await runner.analyze(request("b"));
    expect(news.map(({ kind }) => kind)).toEqual(["loaded", "scanning", "answered", "answered"]);
    expect(state()).toMatchObject({ attempts: 0, trial: { scans: 2 } });
  });

  it("says nothing of its tickets once its trial is over", async () => {
    const { start, state, news } = begin({ 7: "good" }, { ...line(7), trial: { since: 0, scans: steps.healthyAfter.scans - 1 } });
    const runner = await start();
    await runner.warmUp();
    await runner.analyze(request("a"));
    await vi.waitFor(() => expect(state().trial).toBeNull());
    await runner.analyze(request("b"));
    await runner.analyze(request("c"));
    expect(news.map(({ kind }) => kind)).toEqual(["loaded", "scanning", "answered"]);
  });

  it("F37 and takes its process down three times, at its load or at its first ticket, is not started a fourth time", async () => {
    const { start, state } = begin({ 7: "good" }, line(7));
    // Each of these processes dies before it can say anything.
    for (let time = 0; time < 3; time++) (await start()).stop();
    expect(state().line).toEqual([7]);
    const runner = await start();
    expect(state().line).toEqual([]);
    expect(await runner.analyze(request("a"))).toMatchObject({ problem: null });
  });

  it("is left when the person goes back, without a word of the old one in new tickets", async () => {
    const { start, state, change, workers } = begin({ 7: "good", 8: "good" }, line(8, 7));
    const runner = await start();
    await runner.warmUp();
    await runner.changeOver();
    expect([state().attempts, workers.length]).toEqual([0, 1]);
    change(steps.goBack);
    await runner.changeOver();
    expect(state().line).toEqual([7]);
    expect(workers[0]?.terminated).toBe(true);
    expect(await runner.analyze(request("a"))).toMatchObject({ problem: null });
    expect(workers[1]?.sent.some(({ call }) => call.kind === "analyze")).toBe(true);
  });

  it("whose background does not answer gives way to the packaged model when it fails", async () => {
    const runner = createModelRunner({
      first: { counter: 7, trial: false },
      makeHost: (counter, onStatus) =>
        hostOf({ baseUrl: counter === null ? tinyUrl : nowhere, createWorker: () => fakeWorker(), onStatus }),
      onStatus: () => undefined,
      tell: () => Promise.reject(new Error("no receiver")),
      choose: () => Promise.reject(new Error("no receiver")),
    });
    expect(await runner.analyze(request("a"))).toMatchObject({ problem: null, modelVersion: "tiny" });
  });
});

describe("the graphics processor", () => {
  const choice = { backend: "webgpu" as const, threads: 1, reason: "", measured: [], modelVersion: "tiny", at: "2026-01-02T03:04:05.000Z" };
  const unsupported = (reason: string) => () => Promise.reject(Object.assign(new Error(reason), { code: "unsupported" }));
  const lost = () =>
    bent(() => {
      throw new Error("The device was lost");
    });

  for (const [name, startRuntime] of [
    ["lost during a ticket", lost],
    ["missing", unsupported("There is no graphics adapter that WebGPU can use")],
    ["software only", unsupported("The only graphics adapter is a software one, which is slower than the processor")],
  ] as const)
    it(`F38 ${name}: WASM answers the same ticket, with the same labels`, async () => {
      const make = (backend: "webgpu" | "wasm") =>
        hostOf({
          baseUrl: tinyUrl,
          createWorker: (way) => fakeWorker(way === "webgpu" ? { backend: way, startRuntime } : {}),
          settings: { webgpu: "auto" },
          choice: backend === "webgpu" ? choice : null,
        });
      const [fallen, plain] = [
        await make("webgpu").analyze(request("phishing mail")),
        await make("wasm").analyze(request("phishing mail")),
      ];
      expect(fallen).toMatchObject({ backend: "wasm", problem: null, threatType: plain.threatType, severity: plain.severity });
      expect(fallen.probabilities).toEqual(plain.probabilities);
    });
});
