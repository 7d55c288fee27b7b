// Reading models: what a channel names with ETag, files whole and in ranges, card and manifest; a file that no release names is not there.
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { extensionOrigin } from "../../shared/extension-id.ts";
import { sha256Hex } from "../../shared/hex.ts";
import { ChannelAnswer, ReleaseManifest, releaseKind, releaseLimits } from "../../shared/release.ts";
import { canonicalJson, openEnvelope } from "../../shared/signed-envelope.ts";
import { byteRange } from "../../worker-api/byte-range.ts";
import { modelFolder } from "../../worker-api/model-folder.ts";
import { openLab, testFolder } from "./lab.ts";
import { manifestOf, modelBytes, openReleaseLab, releaseKey } from "./release-lab.ts";

test("what a channel names verifies, has an ETag, and is not sent twice", async () => {
  const { publish, point, call, read, refusal, analyst } = await openReleaseLab();
  expect(await refusal(call("/v1/models/channels/stable", { key: analyst.key }))).toMatchObject({ status: 404, code: "not-found" });
  const manifest = await publish("one", { version: "2026.49.1", counter: 3 });
  await point("stable", 3, 25);
  const first = await call("/v1/models/channels/stable", { key: analyst.key });
  const written = await first.text();
  expect(written.length).toBeLessThan(releaseLimits.channel);
  const answer = ChannelAnswer.parse(JSON.parse(written));
  const bytes = new TextEncoder().encode(canonicalJson(answer.envelope));
  expect(await openEnvelope(bytes, [releaseKey.publicKey], releaseKind)).toMatchObject({ ok: true, payload: manifest });
  expect(answer.rollout).toEqual({ percent: 25 });
  expect(first.headers.get("cache-control")).toBe("private, no-cache");

  const tag = first.headers.get("etag") ?? "";
  expect(tag).toMatch(/^"[0-9a-f]+"$/);
  const again = await call("/v1/models/channels/stable", { key: analyst.key, headers: { "if-none-match": `W/"x", ${tag}` } });
  expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tag]);
  await point("stable", 3, 26);
  const changed = await call("/v1/models/channels/stable", { key: analyst.key, headers: { "if-none-match": tag } });
  expect([changed.status, changed.headers.get("etag") === tag]).toEqual([200, false]);
  const page = await read(z.string(), "/metrics").catch(async () => (await call("/metrics")).text());
  expect(page).toContain('sectag_model_polls_total{channel="stable",version="2026.49.1"} 3');
});

test("a browser lets the extension see that a channel is still the same", async () => {
  const { publish, point, call, analyst } = await openReleaseLab({}, [extensionOrigin]);
  await publish("one", { version: "2026.49.1", counter: 3 });
  await point("stable", 3);
  const ask = (more: Record<string, string>) =>
    call("/v1/models/channels/stable", { key: analyst.key, headers: { origin: extensionOrigin, ...more } });
  const again = await ask({ "if-none-match": (await ask({})).headers.get("etag") ?? "" });
  expect([again.status, again.headers.get("access-control-allow-origin")]).toEqual([304, extensionOrigin]);
});

test("a file comes whole, in ranges that put together are the file, and not again", async () => {
  const { publish, call, refusal, analyst } = await openReleaseLab();
  const manifest = await publish("one", { version: "2026.49.1", counter: 1 });
  const { path, sha256, size } = manifest.files.find(({ role }) => role === "weights-wasm") ?? { path: "", sha256: "", size: 0 };
  const ask = (headers: Record<string, string> = {}, method = "GET") =>
    call(`/v1/models/files/${sha256}`, { key: analyst.key, method, headers });
  const whole = await ask();
  expect([whole.status, whole.headers.get("content-length"), whole.headers.get("etag")]).toEqual([200, String(size), `"${sha256}"`]);
  expect(whole.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
  expect(whole.headers.get("accept-ranges")).toBe("bytes");
  const body = new Uint8Array(await whole.arrayBuffer());
  expect(body).toEqual(modelBytes("one").get(path));

  const parts: Uint8Array[] = [];
  for (let at = 0; at < size; at += 4096) {
    const part = await ask({ range: `bytes=${at}-${at + 4095}` });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes ${at}-${Math.min(at + 4096, size) - 1}/${size}`);
    parts.push(new Uint8Array(await part.arrayBuffer()));
  }
  expect(await sha256Hex(Uint8Array.from(Buffer.concat(parts)))).toBe(sha256);
  const tail = await ask({ range: `bytes=${size - 10}-` });
  expect([tail.status, new Uint8Array(await tail.arrayBuffer())]).toEqual([206, body.slice(-10)]);
  for (const range of [`bytes=${size}-`, "bytes=-0"])
    expect(await refusal(ask({ range })), range).toMatchObject({ status: 416, code: "range-wrong" });
  expect((await ask({ range: "bytes=0-1,5-6" })).status).toBe(200);
  const head = await ask({}, "HEAD");
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, String(size), ""]);
  const again = await ask({ "if-none-match": `"${sha256}"` });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("ranges are read as RFC 9110 has them, whatever is written", () => {
  expect(byteRange(undefined, 10)).toBeNull();
  expect(byteRange("bytes=2-4", 10)).toEqual({ start: 2, length: 3 });
  expect(byteRange("bytes=-4", 10)).toEqual({ start: 6, length: 4 });
  expect(byteRange("bytes=-40", 10)).toEqual({ start: 0, length: 10 });
  expect(byteRange("bytes=4-400", 10)).toEqual({ start: 4, length: 6 });
  for (const passedOver of ["bytes=4-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=1-2,3-4", ""])
    expect(byteRange(passedOver, 10)).toBeNull();
  const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,17}-\d{0,17}$/));
  fc.assert(
    fc.property(header, fc.nat({ max: 50 }), (text, size) => {
      const range = byteRange(text, size);
      return range === null || range === "none" || (range.start >= 0 && range.length > 0 && range.start + range.length <= size);
    }),
  );
});

test("the list and a version say what was published, with the gate's verdict and the card", async () => {
  const folder = testFolder();
  const { publish, point, post, call, read, refusal, analyst, orgId, clock } = await openReleaseLab({ files: modelFolder(folder) });
  const one = await publish("one", { version: "2026.49.1", counter: 1 });
  const two = await publish("two", { version: "2026.50.1", counter: 2 });
  await point("stable", 1);
  await point("canary", 2, 5);
  clock.ms += 5000;
  await post({ ...one, counter: 3, revoked: [2] });
  const list = await (await call("/v1/models", { key: analyst.key })).json();
  expect(list).toMatchObject({
    releases: [
      { counter: 3, version: "2026.49.1", revoked: false, published: "2026-11-25T12:00:05.000Z" },
      { counter: 2, version: "2026.50.1", revoked: true, expires: two.expires },
      { counter: 1, version: "2026.49.1", revoked: false },
    ],
    channels: [
      { channel: "canary", version: "2026.50.1", counter: 2, percent: 5 },
      { channel: "stable", version: "2026.49.1", counter: 1, percent: 100 },
    ],
  });
  const Shown = z.strictObject({ manifest: ReleaseManifest, envelope: z.unknown(), published: z.string(), card: z.string() });
  const shown = await read(Shown, "/v1/models/2026.49.1", { key: analyst.key });
  expect(shown.manifest).toEqual({ ...one, counter: 3, revoked: [2] });
  expect(shown.card).toBe(new TextDecoder().decode(modelBytes("one").get("README.md")));
  for (const version of ["2026.51.1", "releases", "channels"])
    expect(await refusal(call(`/v1/models/${version}`, { key: analyst.key })), version).toMatchObject({ status: 404 });
  expect(await refusal(call("/v1/models/a%2Fb", { key: analyst.key }))).toMatchObject({ status: 400 });
  // A store that lost it is the operator's trouble, and said to be so.
  rmSync(join(folder, orgId, one.files.find(({ role }) => role === "card")?.sha256 ?? ""));
  const lost = call("/v1/models/2026.49.1", { key: analyst.key });
  expect(await refusal(lost)).toMatchObject({ status: 503, code: "store-unavailable" });
});

test("a card is cut at a whole letter", async () => {
  const { post, put, read, analyst } = await openReleaseLab();
  const files = modelBytes("one").set("README.md", new TextEncoder().encode(`x${"é".repeat(60_000)}`));
  const manifest = await manifestOf(files, { version: "2026.49.1", counter: 1 });
  for (const { path, sha256 } of manifest.files) await put(files.get(path) ?? new Uint8Array(), sha256);
  expect((await post(manifest)).status).toBe(201);
  const { card } = await read(z.looseObject({ card: z.string() }), "/v1/models/2026.49.1", { key: analyst.key });
  expect(card).toBe(`x${"é".repeat(49_999)}`);
});

test("a file that no release names is seen by who publishes alone", async () => {
  const { put, call, refusal, analyst, service } = await openReleaseLab();
  const bytes = new TextEncoder().encode("not released");
  const sha256 = await sha256Hex(bytes);
  await put(bytes, sha256);
  expect(await refusal(call(`/v1/models/files/${sha256}`, { key: analyst.key }))).toMatchObject({ status: 404 });
  expect((await call(`/v1/models/files/${sha256}`, { key: service.key, method: "HEAD" })).status).toBe(200);
});

test("without a store there is no file, and who publishes is told what is missing", async () => {
  const { call, refusal, service } = await openLab();
  const path = `/v1/models/files/${"0".repeat(64)}`;
  expect(await refusal(call(path, { key: service.key }))).toMatchObject({ status: 404, code: "not-found" });
  const body = { counter: 1, percent: 100 };
  const { status, code, problem } = await refusal(call("/v1/models/channels/stable", { key: service.key, method: "PUT", body }));
  expect([status, code]).toEqual([403, "publishing-off"]);
  expect(problem.detail).toContain("SECTAG_MODEL_FILES");
});
