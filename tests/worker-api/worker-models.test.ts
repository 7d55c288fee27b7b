// Models under real workerd: files go to a bucket with their length and hash, a signed release is believed, an installation gets it back.
import { join } from "node:path";
import { expect, test } from "vitest";
import { signRelease } from "../../scripts/sign-release.ts";
import { sha256Hex } from "../../shared/hex.ts";
import { ChannelAnswer } from "../../shared/release.ts";
import { openDatabase } from "../../worker-api/database.ts";
import { openBucket } from "./bucket-server.ts";
import { startHranaServer } from "./hrana-server.ts";
import { newOrg, testFolder } from "./lab.ts";
import { manifestOf, modelBytes, releaseKey } from "./release-lab.ts";
import { startWorker, token } from "./worker-lab.ts";

test("under workerd: upload, wrong bytes, release, channel, ranges", { timeout: 180_000 }, async () => {
  const { url } = await startHranaServer({ file: join(testFolder(), "remote.db"), token });
  const { bucket, objects } = await openBucket();
  const origin = await startWorker(url, {
    SECTAG_MODEL_FILES: bucket.url,
    SECTAG_MODEL_FILES_KEY: bucket.keyId,
    SECTAG_MODEL_FILES_SECRET: bucket.secret,
    SECTAG_RELEASE_KEYS: releaseKey.publicKey,
  });
  const { orgId, service, analyst } = await newOrg(await openDatabase({ url, authToken: token }), "Blue team");
  const ask = (path: string, key: string, init: RequestInit = {}) =>
    fetch(origin + path, { ...init, headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...init.headers } });

  const files = modelBytes("one");
  const day = 86_400_000;
  const manifest = await manifestOf(files, {
    version: "2026.49.1",
    counter: 1,
    created: new Date().toISOString(),
    expires: new Date(Date.now() + day).toISOString(),
  });
  for (const { path, sha256 } of manifest.files) {
    const body = files.get(path) ?? new Uint8Array();
    const wrong = Uint8Array.from(body).fill(0, body.length - 1);
    expect((await ask(`/v1/models/files/${sha256}`, service.key, { method: "PUT", body: wrong })).status, path).toBe(422);
    expect(objects.has(`/models/${orgId}/${sha256}`)).toBe(false);
    expect((await ask(`/v1/models/files/${sha256}`, service.key, { method: "PUT", body })).status, path).toBe(204);
  }
  const body = signRelease(manifest, [releaseKey]);
  expect((await ask("/v1/models/releases", service.key, { method: "POST", body })).status).toBe(201);
  const point = { method: "PUT", body: JSON.stringify({ counter: 1, percent: 100 }) };
  expect((await ask("/v1/models/channels/stable", service.key, point)).status).toBe(204);

  const named = await ask("/v1/models/channels/stable", analyst.key);
  expect(ChannelAnswer.parse(await named.json())).toMatchObject({ version: "2026.49.1", counter: 1 });
  const tag = named.headers.get("etag") ?? "";
  expect((await ask("/v1/models/channels/stable", analyst.key, { headers: { "if-none-match": tag } })).status).toBe(304);
  for (const { sha256, size } of manifest.files) {
    const whole = await ask(`/v1/models/files/${sha256}`, analyst.key);
    expect(await sha256Hex(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256);
    const tail = await ask(`/v1/models/files/${sha256}`, analyst.key, { headers: { range: `bytes=${size - 9}-` } });
    expect([tail.status, (await tail.arrayBuffer()).byteLength]).toEqual([206, 9]);
  }
});
