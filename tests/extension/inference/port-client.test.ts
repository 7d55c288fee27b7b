// A page's line to the model's host: every call ends, in an answer or in an error, also when the host dies or falls silent.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

vi.mock("@webext-core/messaging", () => ({
  defineExtensionMessaging: () => ({ onMessage: () => () => undefined, sendMessage: () => undefined }),
}));
const { createAnalyzeClient } = await import("../../../extension/inference/port-client.ts");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const request = { ticket: { system: "jira-cloud", key: "A-1" }, blocks: [] } as const;
const suggestion = {
  ticket: request.ticket,
  contentHash: "0".repeat(64),
  modelVersion: null,
  backend: "rules",
  threatType: null,
  severity: null,
  confidence: 0,
  abstained: false,
  probabilities: null,
  severityProbabilities: null,
  blocks: [],
  truncated: false,
  modelCalls: 0,
  tookMs: 1,
  problem: null,
};

function fakePort() {
  const heard: ((message: unknown) => void)[] = [];
  const gone: (() => void)[] = [];
  const sent: { kind: string; id: number }[] = [];
  return {
    sent,
    say: (message: unknown) => heard.forEach((listener) => void listener(message)),
    die: () => gone.forEach((listener) => void listener()),
    port: {
      postMessage: (message: { kind: string; id: number }) => void sent.push(message),
      onMessage: { addListener: (listener: (message: unknown) => void) => void heard.push(listener) },
      onDisconnect: { addListener: (listener: () => void) => void gone.push(listener) },
      disconnect: () => undefined,
    },
  };
}

function client(ports: ReturnType<typeof fakePort>[], silenceMs = 1000) {
  let next = 0;
  const made = createAnalyzeClient({
    ensure: async () => undefined,
    connect: () => {
      const port = ports[next++]?.port;
      if (!port) throw new Error("no more ports");
      return port;
    },
    silenceMs,
  });
  return (signal = new AbortController().signal, onLoading: (progress: number) => void = () => undefined) =>
    made.analyze({ ...request, blocks: [] }, { textCut: false, signal, onLoading });
}

test("answers go to their own call, whatever their order; strangers' messages are ignored", async () => {
  const host = fakePort();
  const analyze = client([host]);
  const first = analyze();
  const second = analyze();
  await vi.advanceTimersByTimeAsync(0);
  host.say({ hello: "not ours" });
  host.say({ kind: "answer", id: 2, suggestion: { ...suggestion, tookMs: 2 } });
  host.say({ kind: "answer", id: 1, suggestion });
  expect((await first).tookMs).toBe(1);
  expect((await second).tookMs).toBe(2);
});

test("a host that dies is asked once more on a new port; twice is an error in words", async () => {
  const [a, b] = [fakePort(), fakePort()];
  const analyze = client([a, b]);
  const call = analyze();
  const failed = expect(call).rejects.toThrow(/stopped twice/);
  await vi.advanceTimersByTimeAsync(0);
  a.die();
  await vi.advanceTimersByTimeAsync(0);
  expect(b.sent).toHaveLength(1);
  b.die();
  await failed;
});

test("a silent host is given up after the time-out, and progress keeps a slow one alive", async () => {
  const [a, b] = [fakePort(), fakePort()];
  const analyze = client([a, b]);
  const seen: number[] = [];
  const call = analyze(undefined, (progress) => seen.push(progress));
  await vi.advanceTimersByTimeAsync(900);
  a.say({ kind: "progress", id: 1, phase: "loading", progress: 0.5 });
  a.say({ kind: "progress", id: 1, phase: "reading", progress: 0.9 });
  await vi.advanceTimersByTimeAsync(900);
  expect(b.sent).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(200);
  b.say({ kind: "answer", id: 2, suggestion });
  expect((await call).backend).toBe("rules");
  expect(seen).toEqual([0.5]);
});

test("an aborted call tells the host and ends at once", async () => {
  const host = fakePort();
  const analyze = client([host]);
  const stop = new AbortController();
  const call = analyze(stop.signal);
  const failed = expect(call).rejects.toThrow(/ticket changed/);
  await vi.advanceTimersByTimeAsync(0);
  stop.abort();
  await failed;
  expect(host.sent.map((message) => message.kind)).toEqual(["analyze", "cancel"]);
});

test("the host's own error reaches the caller as it is", async () => {
  const host = fakePort();
  const call = client([host])();
  const failed = expect(call).rejects.toThrow("The request is not valid");
  await vi.advanceTimersByTimeAsync(0);
  host.say({ kind: "error", id: 1, message: "The request is not valid" });
  await failed;
});
