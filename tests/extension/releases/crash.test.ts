// F37: the background is killed at every step of taking a release in; what runs afterwards is the old one or the new one, whole, and the next look ends the work.
import { expect, test } from "vitest";
import { readRelease } from "../../../extension/releases/read-release.ts";
import { releaseUrl } from "../../../extension/releases/release-url.ts";
import { crashEverywhere } from "./crashes.ts";
import { createMachine, createServer, release } from "./lab.ts";

test("F37 a crash at each step leaves the old model or the new one, whole", async () => {
  // Each place: `npm run prove -- delivery`.
  const { kills, old, fresh } = await crashEverywhere(13);
  expect(kills).toBeGreaterThan(8);
  expect(old + fresh).toBe(kills);
  expect([old > 0, fresh > 0]).toEqual([true, true]);
});

test("a kept release is read as a model's folder, byte for byte, and one that is not kept is missing", async () => {
  const server = createServer();
  const machine = await createMachine(server);
  const published = release();
  server.publish(published);
  expect((await machine.look()).code).toBe("staged");
  for (const [path, bytes] of published.bytes)
    expect(new Uint8Array(await (await readRelease(releaseUrl(7) + path, machine.open)).arrayBuffer()), path).toEqual(bytes);
  expect((await readRelease(`${releaseUrl(7)}nothing.json`, machine.open)).status).toBe(404);
  expect((await readRelease(`${releaseUrl(8)}config.json`, machine.open)).status).toBe(404);
});
