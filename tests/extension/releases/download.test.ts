// Fetching: cut anywhere it goes on, endless it is left, and nothing but the signed bytes is ever in the store. Rows F28, F33 of the fault matrix.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { releaseLimits } from "../../../shared/release.ts";
import { apiKey, bodyOf, createMachine, createServer, inPieces, release, sha256 } from "./lab.ts";

const kib64 = 65_536;
const weightsPath = "onnx/model_int8.onnx";
const weights = release().bytes.get(weightsPath) ?? new Uint8Array();
const isWeights = (path: string) => path.endsWith(sha256(weights));

async function begun() {
  const server = createServer();
  server.publish(release());
  return { server, machine: await createMachine(server) };
}

test("F28 cut at each 64 KiB, the download goes on where it ended, and is never staged incomplete", async () => {
  const { server, machine } = await begun();
  let cuts = 0;
  server.bend((path, honest) => {
    if (!isWeights(path) || ![200, 206].includes(honest.status)) return honest;
    cuts++;
    const from = Number(/bytes (\d+)/.exec(honest.headers.get("content-range") ?? "")?.[1] ?? 0);
    const rest = weights.subarray(from);
    const cut = rest.length > kib64;
    return new Response(bodyOf(inPieces(rest.subarray(0, kib64), 10_000), cut ? "cut" : "end"), honest);
  });
  for (let left = Math.ceil(weights.length / kib64) - 1; left > 0; left--) {
    expect((await machine.look()).code).toBe("cut");
    expect((await machine.store.read()).kept).toEqual([]);
    expect(await machine.store.hasFile(sha256(weights))).toBe(false);
  }
  expect((await machine.look()).code).toBe("staged");
  const ranges = server.asked.filter(({ path }) => isWeights(path)).map(({ range }) => range);
  expect(ranges).toEqual([null, "bytes=65536-", "bytes=131072-"]);
  expect(cuts).toBe(3);
  expect(await machine.db.parts.count()).toBe(0);
});

test("a server that cannot go on sends the file anew; one that goes on elsewhere is not believed", async () => {
  const { server, machine } = await begun();
  server.bend((path, honest) => (isWeights(path) ? new Response(bodyOf([weights.subarray(0, 1000)], "cut")) : honest));
  expect((await machine.look()).code).toBe("cut");
  server.bend((path, honest) =>
    isWeights(path)
      ? new Response(weights.slice(500), { status: 206, headers: { "content-range": `bytes 500-${weights.length - 1}/*` } })
      : honest,
  );
  expect((await machine.look()).code).toBe("cut");
  server.bend((path, honest) => (isWeights(path) ? new Response(bodyOf([weights.subarray(0, 1000)], "cut")) : honest));
  expect((await machine.look()).code).toBe("cut");
  server.bend((path, honest) => (isWeights(path) ? new Response(weights) : honest));
  expect((await machine.look()).code).toBe("staged");
});

test("parts of a lying server are thrown away with its file", async () => {
  const { server, machine } = await begun();
  server.bend((path, honest) => (isWeights(path) ? new Response(bodyOf([new Uint8Array(1000)], "cut")) : honest));
  expect((await machine.look()).code).toBe("cut");
  server.bend((_, honest) => honest);
  expect((await machine.look()).code).toBe("altered");
  expect((await machine.look()).code).toBe("staged");
});

test("F33 endless data and gzip bombs are left at the cap", async () => {
  const { server, machine } = await begun();
  let sent = 0;
  function* endless(): Generator<Uint8Array> {
    for (;;) {
      sent += kib64;
      yield new Uint8Array(kib64);
    }
  }
  server.bend((path, honest) => (isWeights(path) ? new Response(bodyOf(endless())) : honest));
  expect((await machine.look()).code).toBe("altered");
  expect(sent).toBeLessThanOrEqual(weights.length + 2 * kib64);
  sent = 0;
  server.bend((path, honest) => (path.includes("/channels/") ? new Response(bodyOf(endless())) : honest));
  expect((await machine.look()).code).toBe("unknown_answer");
  expect(sent).toBeLessThanOrEqual(releaseLimits.channel + 2 * kib64);

  const bomb = gzipSync(new Uint8Array(50_000_000));
  let inflated = 0;
  server.bend((path, honest) => {
    if (!isWeights(path)) return honest;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        inflated += chunk.length;
        controller.enqueue(chunk);
      },
    });
    return new Response(new Blob([bomb]).stream().pipeThrough(new DecompressionStream("gzip")).pipeThrough(counter));
  });
  expect((await machine.look()).code).toBe("altered");
  expect(inflated).toBeLessThan(weights.length + 20 * kib64);
});

test("a server that goes silent is left, and what came is kept", async () => {
  const { server, machine } = await begun();
  server.bend((path, honest) => {
    if (!isWeights(path)) return honest;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(weights.slice(0, 3000)),
    });
    return new Response(body);
  });
  const fetch: typeof server.fetch = async (url, init) => {
    const response = await server.fetch(url, init);
    const { signal } = init;
    if (!isWeights(new URL(url).pathname) || !signal) return response;
    // As the browser does: an aborted fetch fails its body.
    const through = new TransformStream<Uint8Array, Uint8Array>();
    void response.body?.pipeTo(through.writable, { signal }).catch(() => undefined);
    return new Response(through.readable, response);
  };
  const source = { fetch, baseUrl: "https://sectag.example", key: apiKey, silenceMs: 30 };
  expect(await machine.look({ source })).toMatchObject({ code: "cut", detail: expect.stringContaining("silent") });
  expect((await machine.db.parts.toArray()).map(({ bytes }) => bytes.length)).toEqual([3000]);
});
