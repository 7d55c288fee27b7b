// Publishing: whole files under their own hash, then a release that a trusted key signed, then the channel; nothing else gets in (F29-F35, F39).
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { z } from "zod";
import { signingKey, signRelease } from "../../scripts/sign-release.ts";
import { sha256Hex } from "../../shared/hex.ts";
import { ChannelAnswer, releaseLimits } from "../../shared/release.ts";
import { modelFolder } from "../../worker-api/model-folder.ts";
import { start, testFolder } from "./lab.ts";
import { manifestOf, modelBytes, openReleaseLab, releaseKey } from "./release-lab.ts";

const bytes = new TextEncoder().encode("weights ".repeat(40_000));
const hash = await sha256Hex(bytes);
const Versions = z.looseObject({ releases: z.array(z.looseObject({ counter: z.int(), version: z.string() })) });

test("a file is stored whole under its own hash, or not at all, and again is harmless", async () => {
  const folder = testFolder();
  const { put, refusal, call, service, orgId } = await openReleaseLab({ files: modelFolder(folder) });
  const stored = () => readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /[0-9a-f]{64}$/.test(path));
  const changed = Uint8Array.from(bytes).fill(0, bytes.length - 1);
  for (const [body, headers, problem] of [
    [changed, {}, { status: 422, code: "other-bytes" }],
    [bytes.slice(1), {}, { status: 422, code: "other-bytes" }],
    [bytes, { "content-length": String(bytes.length - 1) }, { status: 422, code: "other-bytes" }],
    [bytes, { "content-length": String(bytes.length + 1) }, { status: 422, code: "other-bytes" }],
    [bytes, { "content-length": "" }, { status: 411, code: "length-missing" }],
    [bytes, { "content-length": String(releaseLimits.file + 1) }, { status: 413, code: "too-large" }],
    [Uint8Array.from(gzipSync(bytes)), { "content-encoding": "gzip" }, { status: 415, code: "unsupported-type" }],
    [new Uint8Array(), {}, { status: 422, code: "other-bytes" }],
  ] as const)
    expect(await refusal(put(body, hash, headers))).toMatchObject(problem);
  expect(stored()).toEqual([]);
  expect(readdirSync(join(folder, ".incoming"))).toEqual([]);

  for (let time = 0; time < 2; time++) expect((await put(bytes, hash)).status).toBe(204);
  expect(stored()).toEqual([join(orgId, hash)]);
  expect(await refusal(put(changed, hash))).toMatchObject({ status: 422 });
  const there = await call(`/v1/models/files/${hash}`, { key: service.key });
  expect(await sha256Hex(new Uint8Array(await there.arrayBuffer()))).toBe(hash);
  for (const name of ["x", hash.toUpperCase(), `${hash}0`, "..%2F..%2Fetc"])
    expect((await put(bytes, name)).status, name).toBeGreaterThanOrEqual(400);
});

test("a body that breaks off leaves nothing", async () => {
  const folder = testFolder();
  const { app, service, refusal } = await openReleaseLab({ files: modelFolder(folder) });
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.slice(0, 1000)),
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  const headers = { authorization: `Bearer ${service.key}`, "content-length": String(bytes.length) };
  const init: RequestInit & { duplex: "half" } = { method: "PUT", headers, body: broken, duplex: "half" };
  expect(await refusal(app.request(`/v1/models/files/${hash}`, init))).toMatchObject({ status: 422, code: "other-bytes" });
  expect(readdirSync(join(folder, ".incoming"))).toEqual([]);
});

test("a release is taken when a trusted key signed it, its files are there and its counter is above all", async () => {
  const lab = await openReleaseLab();
  const { post, publish, refusal, put, read, service, clock } = lab;
  const files = modelBytes("one");
  const first = await manifestOf(files, { version: "2026.49.1", counter: 7 });
  const listed = async () => (await read(Versions, "/v1/models", { key: service.key })).releases.map(({ counter }) => counter);

  expect(await refusal(post(first))).toMatchObject({ status: 422, code: "release-refused" });
  for (const { path, sha256 } of first.files.slice(1)) await put(files.get(path) ?? new Uint8Array(), sha256);
  expect((await refusal(post(first))).problem.detail).toContain(first.files[0]?.path);
  await publish("one", first);

  const stranger = await signingKey("0c".repeat(32));
  for (const [manifest, keys] of [
    [{ ...first, counter: 8 }, [stranger]],
    [{ ...first, counter: 8 }, [{ ...stranger, keyid: releaseKey.keyid }]],
    [{ ...first, counter: 8, extra: 1 }, [releaseKey]],
    [{ ...first, counter: 8.5 }, [releaseKey]],
    [{ ...first, counter: 8, spec: 2 }, [releaseKey]],
    [{ ...first, counter: 8, created: "2026-11-01T00:00:00Z", expires: "2026-11-25T11:59:59Z" }, [releaseKey]],
    [{ ...first, counter: 8, files: first.files.map((file, index) => (index ? file : { ...file, size: file.size + 1 })) }, [releaseKey]],
  ] as const)
    expect(await refusal(post(manifest, { keys: [...keys] }))).toMatchObject({ status: 422, code: "release-refused" });
  for (const counter of [1, 6, 7 + releaseLimits.counterStep + 1])
    expect(await refusal(post({ ...first, counter })), String(counter)).toMatchObject({ status: 409, code: "conflict" });
  // The weights to go on from are there too, or nothing is published.
  const data = { ...first.data, checkpoint: hash };
  expect(await refusal(post({ ...first, counter: 8, data }))).toMatchObject({ status: 422, code: "release-refused" });
  // Sent again after a lost answer it is the same release; another with its counter is not.
  expect((await post(first)).status).toBe(200);
  expect(await refusal(post({ ...first, minApp: "9.0.0" }))).toMatchObject({ status: 409 });
  // A version has one set of files, for ever.
  const other = await manifestOf(modelBytes("two"), { version: first.version, counter: 8 });
  for (const [path, body] of modelBytes("two")) await put(body, other.files.find((file) => file.path === path)?.sha256 ?? "");
  expect((await refusal(post(other))).problem.detail).toBe("Version 2026.49.1 has other files: give this model another version.");
  expect((await post({ ...other, version: "2026.49.2" })).status).toBe(201);
  // Back to the old files by a new counter.
  clock.ms += 1000;
  expect((await post({ ...first, counter: 9, revoked: [8] })).status).toBe(201);
  expect(await listed()).toEqual([9, 8, 7]);
  expect(lab.logged.filter(({ code }) => String(code).startsWith("release-")).map(({ code }) => code)).toEqual(
    expect.arrayContaining([
      "release-unknown-key",
      "release-bad-signature",
      "release-invalid",
      "release-unknown-spec",
      "release-published",
    ]),
  );
});

test("of two publishers at once with one counter, one is told no", async () => {
  const { post, publish, read, service } = await openReleaseLab();
  const first = await publish("one", { version: "2026.49.1", counter: 1 });
  const rivals = Array.from({ length: 6 }, (_, index) => post({ ...first, counter: 2, minApp: `0.0.${index}` }));
  const statuses = (await Promise.all(rivals)).map(({ status }) => status).sort();
  expect(statuses).toEqual([201, 409, 409, 409, 409, 409]);
  expect((await read(Versions, "/v1/models", { key: service.key })).releases.map(({ counter }) => counter)).toEqual([2, 1]);
});

test("a channel names a release that installations would take, never a lower, revoked or expired one", async () => {
  const { point, publish, post, refusal, read, analyst, clock } = await openReleaseLab();
  const named = (channel: string) => read(ChannelAnswer, `/v1/models/channels/${channel}`, { key: analyst.key });
  expect(await refusal(point("stable", 1))).toMatchObject({ status: 404 });
  const first = await publish("one", { version: "2026.49.1", counter: 1 });
  await publish("two", { version: "2026.50.1", counter: 2 });
  expect((await point("stable", 1)).status).toBe(204);
  expect((await point("canary", 2, 10)).status).toBe(204);
  expect(await named("stable")).toMatchObject({ version: "2026.49.1", counter: 1, rollout: { percent: 100 } });
  expect(await named("canary")).toMatchObject({ version: "2026.50.1", counter: 2, rollout: { percent: 10 } });
  for (const body of [
    { counter: 2, percent: 101 },
    { counter: 2, percent: -1 },
    { counter: 2, percent: 0.5 },
    { counter: 1.5, percent: 1 },
  ])
    expect((await point("canary", body.counter, body.percent)).status).toBe(400);
  expect((await point("nightly", 2)).status).toBe(400);
  expect((await point("canary", 2, 50)).status).toBe(204);
  expect((await named("canary")).rollout.percent).toBe(50);

  expect(await refusal(point("canary", 1))).toMatchObject({ status: 409, code: "conflict" });
  expect((await post({ ...first, counter: 3, revoked: [2] })).status).toBe(201);
  expect(await refusal(point("stable", 2))).toMatchObject({ status: 409 });
  expect((await point("canary", 3)).status).toBe(204);
  clock.ms = Date.parse(first.expires) + 1;
  expect(await refusal(point("stable", 3))).toMatchObject({ status: 409 });
  // What has expired is still named: who runs it goes on, and sees that it is stale.
  expect(await named("canary")).toMatchObject({ counter: 3 });
});

test("only the scope publish writes, and without a trusted key nobody does", async () => {
  const lab = await openReleaseLab();
  const manifest = await lab.publish("one", { version: "2026.49.1", counter: 1 });
  for (const { key } of [lab.analyst, lab.lead]) {
    expect(await lab.refusal(lab.put(bytes, hash, {}, key))).toMatchObject({ status: 403, code: "scope-missing" });
    expect(await lab.refusal(lab.post({ ...manifest, counter: 2 }, { key }))).toMatchObject({ status: 403, code: "scope-missing" });
    expect(await lab.refusal(lab.point("stable", 1, 100, key))).toMatchObject({ status: 403, code: "scope-missing" });
  }
  const off = await openReleaseLab({ keys: [] });
  for (const answer of [off.put(bytes, hash), off.post(manifest), off.point("stable", 1)])
    expect(await off.refusal(answer)).toMatchObject({
      ...{ status: 403, code: "publishing-off" },
      problem: { detail: expect.stringContaining("SECTAG_RELEASE_KEYS") },
    });
  const unsigned = await lab.call("/v1/models/releases", { key: lab.service.key, body: { ...manifest } });
  expect(unsigned.status).toBe(400);
  const signed: unknown = JSON.parse(signRelease({ ...manifest, counter: 2 }, [releaseKey]));
  // Spaces do not matter: what is stored is the canonical form.
  expect((await lab.call("/v1/models/releases", { key: lab.service.key, body: JSON.stringify(signed, null, 2) })).status).toBe(201);
});

test("a store that fails is said to be worth another try, and leaves no release behind", async () => {
  const files = modelFolder(testFolder());
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const trouble: { error: Error | null } = { error: full };
  const fails = () => (trouble.error ? Promise.reject(trouble.error) : null);
  const { put, post, refusal, publish } = await openReleaseLab({
    files: {
      size: async (name) => (await fails()) ?? files.size(name),
      read: async (name, range) => (await fails()) ?? files.read(name, range),
      write: async (name, body, size) => (await fails()) ?? files.write(name, body, size),
    },
  });
  expect(await refusal(put(bytes, hash))).toMatchObject({ status: 507, code: "store-full" });
  trouble.error = new Error("The bucket answered 503");
  expect(await refusal(put(bytes, hash))).toMatchObject({ status: 503, code: "store-unavailable" });
  expect(await refusal(post(await manifestOf(modelBytes("one"), { counter: 1 })))).toMatchObject({ status: 503 });
  trouble.error = null;
  expect((await publish("one", { version: "2026.49.1", counter: 1, expires: new Date(start + 1000).toISOString() })).counter).toBe(1);
});
