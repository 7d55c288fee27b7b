// The stores of models' files, folder and bucket: whole or not at all, by range, and what is left by a killed process goes.

import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256Hex } from "../../shared/hex.ts";
import { modelBucket } from "../../worker-api/model-bucket.ts";
import { checked, type ModelFiles } from "../../worker-api/model-files.ts";
import { modelFolder, nodeHash, sweepIncoming } from "../../worker-api/model-folder.ts";
import { openBucket } from "./bucket-server.ts";
import { testFolder } from "./lab.ts";

const bytes = crypto.getRandomValues(new Uint8Array(60_000));
const sha256 = await sha256Hex(bytes);
const name = `org/${sha256}`;

/** In chunks; the last `wrong` of them changed. */
function streamOf(body: Uint8Array, chunk = 7000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= body.length) return controller.close();
      controller.enqueue(body.slice(at, at + chunk));
      at += chunk;
    },
  });
}
const arriving = (body: ReadableStream<Uint8Array>, size = bytes.length, pauseMs = 1000) =>
  checked(body, { sha256, size, hash: nodeHash(), pauseMs });
const readAll = async (stream: ReadableStream<Uint8Array>) => new Uint8Array(await new Response(stream).arrayBuffer());

async function sameInEachStore(files: ModelFiles): Promise<void> {
  expect(await files.size(name)).toBeNull();
  const wrong = Uint8Array.from(bytes).fill(0, bytes.length - 1);
  for (const body of [streamOf(wrong), streamOf(bytes.slice(1)), streamOf(new Uint8Array())]) {
    const { bytes: arrived, faultOf } = arriving(body);
    await expect(files.write(name, arrived, bytes.length)).rejects.toThrow();
    expect(faultOf()?.code).toBe("other-bytes");
    expect(await files.size(name)).toBeNull();
  }
  const { bytes: arrived, faultOf } = arriving(streamOf(bytes));
  await files.write(name, arrived, bytes.length);
  expect(faultOf()).toBeNull();
  expect(await files.size(name)).toBe(bytes.length);
  expect(await readAll(await files.read(name, { start: 0, length: bytes.length }))).toEqual(bytes);
  expect(await readAll(await files.read(name, { start: 123, length: 4000 }))).toEqual(bytes.slice(123, 4123));
  expect(await readAll(await files.read(name, { start: 5, length: 0 }))).toEqual(new Uint8Array());
  // A wrong one does not hurt what is there.
  await expect(files.write(name, arriving(streamOf(wrong)).bytes, bytes.length)).rejects.toThrow();
  expect(await readAll(await files.read(name, { start: 0, length: bytes.length }))).toEqual(bytes);
}

test("a folder keeps what is whole, and forgets what a killed process left", async () => {
  const folder = join(testFolder(), "models");
  await sameInEachStore(modelFolder(folder));
  const incoming = join(folder, ".incoming");
  expect(readdirSync(incoming)).toEqual([]);
  mkdirSync(incoming, { recursive: true });
  for (const left of ["old", "young"]) writeFileSync(join(incoming, left), "part");
  utimesSync(join(incoming, "old"), 0, 0);
  // Named in the folder, and not there any more when it is looked at: as an upload that ends meanwhile.
  symlinkSync("gone", join(incoming, "ended"));
  await sweepIncoming(folder, Date.now());
  expect(readdirSync(incoming)).toEqual(["ended", "young"]);
  await sweepIncoming(join(folder, "nowhere"), Date.now());
});

test("a bucket gets signed requests with length and hash, and keeps what is whole", async () => {
  const { bucket, objects, asked } = await openBucket();
  const files = modelBucket(bucket);
  await sameInEachStore(files);
  expect([...objects.keys()]).toEqual([`/models/${name}`]);
  const put = asked.find(({ method }) => method === "PUT");
  expect(put?.headers).toMatchObject({ "content-length": String(bytes.length), "x-amz-content-sha256": sha256 });
  expect(asked.every(({ headers }) => !JSON.stringify(headers).includes("secret"))).toBe(true);
  const stranger = modelBucket({ ...bucket, secret: "another" });
  await expect(stranger.size(name)).rejects.toThrow("The bucket answered 403");
  await expect(files.read("org/none", { start: 0, length: 1 })).rejects.toThrow("The bucket answered 404");
});

test("a bucket that tells no length has not an empty file", async () => {
  const { bucket, objects } = await openBucket({ silent: true });
  objects.set(`/models/${name}`, bytes);
  await expect(modelBucket(bucket).size(name)).rejects.toThrow("The bucket gave no length");
});

test("bytes that stop coming are given up, and no more is read than was announced", async () => {
  const silent = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytes.slice(0, 10)) });
  const paused = arriving(silent, bytes.length, 20);
  await expect(readAll(paused.bytes)).rejects.toThrow();
  expect(paused.faultOf()?.code).toBe("too-slow");

  let given = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  const cut = arriving(endless, 10_000);
  await expect(readAll(cut.bytes)).rejects.toThrow();
  expect(cut.faultOf()?.code).toBe("other-bytes");
  expect(given).toBeLessThan(15_000);
});
