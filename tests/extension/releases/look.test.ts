// Looking for a release: what is taken in, what is refused and at which step, and that the running one goes on. Rows F29 to F32 of the fault matrix.
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { expect, test, vi } from "vitest";
import { openOrReplaceReleaseDb } from "../../../extension/releases/release-db.ts";
import { fail, note, rehearsed, running } from "../../../extension/releases/release-state.ts";
import { createMachine, createServer, type Machine, release, sha256, stranger, today } from "./lab.ts";

const day = 24 * 3_600_000;

async function begun() {
  const server = createServer();
  return { server, machine: await createMachine(server) };
}
/** The release is here, passed its self-test and runs. */
async function running7() {
  const { server, machine } = await begun();
  server.publish(release());
  expect(await machine.look()).toMatchObject({ code: "staged", counter: 7 });
  await machine.store.change((state) => rehearsed(state, 7, null, today));
  return { server, machine };
}
const counterOf = async ({ store }: Machine) => running(await store.read(), null)?.manifest.counter ?? null;

test("a release is fetched, checked, and staged; the next look finds it running and asks for nothing", async () => {
  const { server, machine } = await running7();
  expect(await machine.look()).toEqual({ code: "current", detail: "", version: "2026.49.1", counter: 7 });
  expect(server.asked.at(-1)).toMatchObject({ path: "/v1/models/channels/stable", status: 304 });
  expect(await counterOf(machine)).toBe(7);
});

test("without a server or a key nobody is asked", async () => {
  const { server, machine } = await begun();
  server.publish(release());
  expect((await machine.look({ source: null })).code).toBe("not_connected");
  expect((await machine.look({ keys: [] })).code).toBe("no_keys");
  expect(server.asked).toEqual([]);
  server.say("");
  expect((await machine.look()).code).toBe("nothing_published");
});

test("only what differs is fetched", async () => {
  const { server, machine } = await running7();
  const before = server.asked.length;
  server.publish(release({ counter: 8, version: "2026.50.1" }, { "README.md": Buffer.from("# Another card") as Uint8Array<ArrayBuffer> }));
  expect((await machine.look()).code).toBe("staged");
  expect(server.asked.slice(before).map(({ path }) => path.split("/")[3])).toEqual(["channels", "files"]);
});

test("F29 a file that is swapped, flipped, longer or missing is refused, and the old model keeps running", async () => {
  const { server, machine } = await running7();
  const next = release({ counter: 8, version: "2026.50.1" }, { "README.md": Uint8Array.from(Buffer.from("# The next one")) });
  server.publish(next);
  const card = next.bytes.get("README.md") ?? new Uint8Array();
  const config = next.bytes.get("config.json") ?? new Uint8Array();
  for (const bytes of [config, card.with(3, 7), new Uint8Array([...card, 1])]) {
    server.files.set(sha256(card), bytes);
    expect(await machine.look()).toMatchObject({ code: "altered", counter: 8 });
  }
  server.files.set(sha256(card), card.slice(0, -1));
  expect((await machine.look()).code).toBe("cut");
  server.files.delete(sha256(card));
  expect((await machine.look()).code).toBe("cut");
  expect(await counterOf(machine)).toBe(7);
  server.files.set(sha256(card), card);
  expect((await machine.look()).code).toBe("staged");
});

test("a file that was changed or lost on this machine's disk is fetched again, alone, and the release comes back", async () => {
  const { server, machine } = await running7();
  const tokenizer = release().bytes.get("tokenizer.json") ?? new Uint8Array();
  const damages = [
    () => machine.db.files.put({ sha256: sha256(tokenizer), bytes: tokenizer.with(9, 0) }),
    () => machine.db.files.delete(sha256(tokenizer)),
  ];
  for (const damage of damages) {
    await damage();
    await machine.store.change((state) => fail(state, { counter: 7, why: "altered", files: true, ticket: false }));
    const before = server.asked.length;
    expect((await machine.look()).code).toBe("staged");
    expect(server.asked.slice(before).map(({ path }) => path.split("/").at(-1))).toEqual(["stable", sha256(tokenizer)]);
    expect((await machine.db.files.get(sha256(tokenizer)))?.bytes).toEqual(tokenizer);
    await machine.store.change((state) => rehearsed(state, 7, null, today));
    expect(await counterOf(machine)).toBe(7);
  }
});

test("F30 an older release that is signed is refused, also when the database was lost", async () => {
  const { server, machine } = await running7();
  server.publish(release({ counter: 6, version: "2026.40.1" }));
  expect((await machine.look()).code).toBe("replayed");
  await machine.db.delete();
  const fresh = await machine.again();
  expect((await fresh.look()).code).toBe("replayed");
  // And with the second copy lost instead.
  const { server: other, machine: third } = await running7();
  third.area.items.clear();
  other.publish(release({ counter: 6, version: "2026.40.1" }));
  expect((await third.look()).code).toBe("replayed");
});

test("another team's server counts by itself; back at the first one, its counters stand", async () => {
  const { server, machine } = await running7();
  server.publish(release({ counter: 2, version: "2026.30.1" }));
  expect((await machine.look()).code).toBe("replayed");
  expect((await machine.look({ scope: "another team" })).code).toBe("staged");
  expect((await machine.store.read()).line).toEqual([]);
  expect((await machine.look()).code).toBe("replayed");
});

test("a database that cannot be opened any more is made anew, and old releases stay out", async () => {
  const { server, machine } = await running7();
  machine.db.close();
  let broken = true;
  const factory = new IDBFactory();
  const indexedDB = new Proxy(factory, {
    get(target, name) {
      if (name === "open" && broken) {
        broken = false;
        throw new DOMException("Internal error opening backing store", "UnknownError");
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const warnings = vi.spyOn(console, "warn").mockReturnValue();
  const db = await openOrReplaceReleaseDb({ indexedDB, IDBKeyRange });
  expect([broken, warnings.mock.calls.length]).toEqual([false, 1]);
  expect(await db.state.count()).toBe(0);
  db.close();
  const after = await createMachine(server, factory, machine.area.items);
  server.publish(release({ counter: 6, version: "2026.40.1" }));
  expect((await after.look()).code).toBe("replayed");
});

test("two releases of one number: the second is refused", async () => {
  const { server, machine } = await running7();
  server.publish(release({ version: "2026.49.2" }));
  expect((await machine.look()).code).toBe("two_of_one");
});

test("a counter that is far ahead is refused, so that it cannot end all updates", async () => {
  const { server, machine } = await running7();
  server.publish(release({ counter: 1008 }));
  expect((await machine.look()).code).toBe("too_far");
  server.publish(release({ counter: 1007, version: "2026.50.1" }));
  expect((await machine.look()).code).toBe("staged");
});

test("F31 a frozen channel: the model keeps running, and after the expiry the look says that it is stale", async () => {
  const { server, machine } = await running7();
  expect((await machine.look({ now: () => today + 10 * day })).code).toBe("current");
  expect((await machine.look({ now: () => today + 20 * day })).code).toBe("stale");
  // A clock that was set back helps nobody while the server tells the time.
  server.clock = today + 20 * day;
  expect((await machine.look({ now: () => today - 400 * day })).code).toBe("stale");
  expect(await counterOf(machine)).toBe(7);
});

test("F32 parts of two releases do not mix: each file is the one that its manifest names", async () => {
  const { server, machine } = await running7();
  const next = release({ counter: 8, version: "2026.50.1" }, { "tokenizer.json": Uint8Array.from(Buffer.from("{}")) });
  server.publish(next);
  // The tokenizer of the one under the name of the other's.
  const old = release().bytes.get("tokenizer.json") ?? new Uint8Array();
  server.files.set(sha256(next.bytes.get("tokenizer.json") ?? old), old);
  expect((await machine.look()).code).toBe("altered");
  // The envelope of the one in the answer of the other.
  server.publish(next);
  const answer: unknown = JSON.parse(server.said());
  server.say({ ...(answer as object), counter: 9 });
  expect((await machine.look()).code).toBe("mixed");
  server.say({ ...(answer as object), version: "2026.51.1" });
  expect((await machine.look()).code).toBe("mixed");
  expect(await counterOf(machine)).toBe(7);
});

test("a stranger's signature, a newer app, newer labels: refused before any file is asked for", async () => {
  const { server, machine } = await begun();
  server.publish(release(), { keys: [stranger] });
  expect(await machine.look()).toMatchObject({ code: "not_believed", detail: expect.stringContaining("unknown-key"), version: null });
  server.publish(release({ minApp: "0.1.1" }));
  expect((await machine.look()).code).toBe("newer_app");
  server.publish(release({ labelsVersion: 99 }));
  expect((await machine.look()).code).toBe("newer_app");
  expect(server.asked.some(({ path }) => path.includes("/files/"))).toBe(false);
  expect((await machine.store.read()).highest).toBeNull();
});

test("weights with another graph than the signed one, or another than the packaged kind, are not staged", async () => {
  const { server, machine } = await begun();
  const { manifest } = release();
  const graphs = structuredClone(manifest.graphs);
  const first = Object.values(graphs)[0];
  if (first) first.ops.MatMul = 99;
  server.publish(release({ graphs }));
  expect(await machine.look()).toMatchObject({ code: "bad_graph", detail: expect.stringContaining("another graph") });
  expect((await machine.store.read()).kept).toEqual([]);
});

test("a revoked release stops at once, also where its successor is not given yet", async () => {
  const { server, machine } = await running7();
  server.publish(release({ counter: 8, version: "2026.50.1", revoked: [7] }), { percent: 0 });
  expect((await machine.look()).code).toBe("not_yet");
  expect(await counterOf(machine)).toBeNull();
  server.publish(release({ counter: 8, version: "2026.50.1", revoked: [7] }), { percent: 100 });
  expect((await machine.look()).code).toBe("staged");
});

test("an operator's rollback is a new number for old files: nothing is fetched again", async () => {
  const { server, machine } = await running7();
  const before = server.asked.length;
  server.publish(release({ counter: 8, version: "2026.49.1", revoked: [7] }));
  expect((await machine.look()).code).toBe("staged");
  expect(server.asked.slice(before).filter(({ path }) => path.includes("/files/"))).toEqual([]);
});

test("the same files signed anew take the place of those that run: nothing is fetched, no trial begins, the one before stays", async () => {
  const { server, machine } = await running7();
  const next = release({ counter: 8, version: "2026.50.1" }, { "README.md": Uint8Array.from(Buffer.from("# The next one")) });
  server.publish(next);
  expect((await machine.look()).code).toBe("staged");
  await machine.store.change((state) => rehearsed(state, 8, null, today));
  const before = server.asked.length;
  server.publish({ ...next, manifest: { ...next.manifest, counter: 9, expires: "2027-01-01T00:00:00Z" } }, { percent: 0 });
  expect((await machine.look()).code).toBe("current");
  const { line, trial, kept } = await machine.store.read();
  expect({ line, trial, kept: kept.map(({ manifest }) => manifest.counter) }).toEqual({
    line: [9, 7],
    trial: { since: today, scans: 0 },
    kept: [7, 9],
  });
  expect(server.asked.slice(before).filter(({ path }) => path.includes("/files/"))).toEqual([]);
});

test("a policy pins a version: no other is taken, and that one is", async () => {
  const { server, machine } = await running7();
  server.publish(release({ counter: 8, version: "2026.50.1" }));
  expect((await machine.look({ pin: "2026.49.1" })).code).toBe("pinned");
  expect((await machine.look({ pin: "packaged" })).code).toBe("pinned");
  expect((await machine.look({ pin: "2026.50.1" })).code).toBe("staged");
});

test("what was noted by another look is not overwritten by a slower one", async () => {
  const { machine } = await running7();
  const { manifest } = release({ counter: 9 });
  await machine.store.change((state) => note(state, manifest, "a".repeat(64)));
  await machine.store.change((state) => note(state, release().manifest, "b".repeat(64)));
  expect((await machine.store.read()).highest).toEqual({ counter: 9, digest: "a".repeat(64) });
  expect(machine.area.items.get("releases.highest")).toEqual({ "https://sectag.example team": { counter: 9, digest: "a".repeat(64) } });
});
