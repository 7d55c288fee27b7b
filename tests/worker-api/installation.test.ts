// The extension's own code against the real API: it finds, checks and keeps what was published, asks again cheaply, and goes back when the operator does.
import { expect, test } from "vitest";
import { createMachine, createServer, key, release } from "../extension/releases/lab.ts";
import { openReleaseLab } from "./release-lab.ts";

test("an installation takes a release from the API by file, ETag and range, and its rollback", async () => {
  const lab = await openReleaseLab({ keys: [key.publicKey] });
  const expires = new Date(lab.clock.ms + 86_400_000).toISOString();
  const publish = async (given: ReturnType<typeof release>) => {
    for (const { path, sha256 } of given.manifest.files) await lab.put(given.bytes.get(path) ?? new Uint8Array(), sha256);
    expect((await lab.post(given.manifest, { keys: [key] })).status).toBe(201);
    expect((await lab.point("stable", given.manifest.counter)).status).toBe(204);
  };
  const machine = await createMachine(createServer());
  const statuses: number[] = [];
  const source = {
    baseUrl: "https://sectag.example",
    key: lab.analyst.key,
    async fetch(url: string, init: RequestInit) {
      const answer = await lab.app.request(new URL(url).pathname, init);
      statuses.push(answer.status);
      return answer;
    },
  };
  const look = () => machine.look({ source, now: () => lab.clock.ms });

  expect(await look()).toMatchObject({ code: "nothing_published" });
  const first = release({ counter: 1, version: "2026.49.1", expires });
  await publish(first);
  expect(await look()).toMatchObject({ code: "staged", version: "2026.49.1", counter: 1 });
  expect(statuses.filter((status) => status === 200)).toHaveLength(1 + first.manifest.files.length);
  for (const { sha256 } of first.manifest.files) expect(await machine.store.hasFile(sha256)).toBe(true);
  statuses.length = 0;
  await look();
  expect(statuses).toEqual([304]);

  const better = release({ counter: 2, version: "2026.50.1", expires }, { "README.md": new TextEncoder().encode("better") });
  await publish(better);
  // Cut off in the middle of a file: the next look goes on there.
  const whole = better.bytes.get("README.md") ?? new Uint8Array();
  const readme = better.manifest.files.find(({ path }) => path === "README.md")?.sha256 ?? "";
  await machine.db.parts.put({ sha256: readme, at: 0, bytes: whole.slice(0, 3) });
  statuses.length = 0;
  expect(await look()).toMatchObject({ code: "staged", counter: 2 });
  expect(statuses).toEqual([200, 206]);

  await publish(release({ counter: 3, version: "2026.49.1", expires, revoked: [2] }));
  expect(await look()).toMatchObject({ code: "staged", version: "2026.49.1", counter: 3 });
  lab.clock.ms += 2 * 86_400_000;
  expect(await look()).toMatchObject({ code: "stale" });
});
