// The simulator's parts: chance and order by seed, awaits that all pass the gate, a disk that forgets what it may and nothing else.
import { IDBKeyRange } from "fake-indexeddb";
import { describe, expect, test } from "vitest";
import { openReviewDb } from "../../extension/store/review-db.ts";
import { createContext } from "./context.ts";
import { excuses, isExcused } from "./excused.ts";
import { createFactory, hookIndexedDb } from "./idb-hooks.ts";
import { readProgram } from "./instrument.ts";
import { createLoop } from "./loop.ts";
import { mutants } from "./mutants.ts";
import { createProfile } from "./profile.ts";
import { clientProgram, serverProgram } from "./programs.ts";
import { createRandom } from "./random.ts";

const random = () => createRandom("parts");

describe("the loop", () => {
  const orderOf = async (seed: string) => {
    const loop = createLoop(createRandom(seed), 0.5);
    const order: string[] = [];
    await loop.drive(async () => {
      loop.task(() => order.push("task 1"));
      loop.task(() => order.push("task 2"));
      for (const name of ["a", "b", "c"]) loop.ready(() => order.push(name));
      await loop.sleep(3_600_000);
      order.push(`at ${loop.now()}`);
    });
    return order;
  };

  test("keeps the order of tasks, mixes what is ready as the seed says, and lets time pass when all wait", async () => {
    const order = await orderOf("one");
    expect(order.filter((name) => name.startsWith("task"))).toEqual(["task 1", "task 2"]);
    expect(order.at(-1)).toBe("at 3600000");
    expect(await orderOf("one")).toEqual(order);
    const orders = await Promise.all(Array.from({ length: 20 }, (_, seed) => orderOf(String(seed))));
    expect(new Set(orders.map(String)).size).toBeGreaterThan(5);
  });

  test("says so when nothing can happen any more", async () => {
    const loop = createLoop(random(), 1);
    await expect(loop.drive(() => new Promise(() => {}))).rejects.toThrow("Stuck: nothing can happen");
  });
});

describe("the code under test", () => {
  test("has each of its awaits behind a gate, in the client and in the server", () => {
    for (const program of [readProgram(clientProgram), readProgram(serverProgram)]) {
      const awaits = program.modules.flatMap(({ code }) => code.match(/\bawait\b/g) ?? []).length;
      const gated = program.modules.flatMap(({ code }) => code.match(/\bawait gate__\(|\bfor await \([^)]*each__\(/g) ?? []).length;
      expect(gated).toBe(awaits);
      expect(new Set(program.points).size).toBe(program.points.length);
    }
  });

  test("keeps its lines", () => {
    const { modules, points } = readProgram(clientProgram);
    const { code } = modules.find(({ file }) => file === "extension/store/sync.ts") ?? { code: "" };
    const line = code.split("\n").findIndex((text) => text.includes("api.push(body)")) + 1;
    expect(points.some((place) => place.startsWith(`store/sync.ts:${line}:`))).toBe(true);
  });

  test("has the place of each mutant exactly once", () => {
    for (const { mutations } of mutants) {
      const of = (folder: string) => mutations.filter(({ file }) => file.startsWith(folder));
      readProgram({ ...clientProgram, mutations: of("extension/") });
      readProgram({ ...serverProgram, mutations: of("worker-api/") });
    }
    expect(() =>
      readProgram({ ...clientProgram, mutations: [{ file: "extension/store/sync.ts", from: "no such code", to: "" }] }),
    ).toThrow();
  });

  test("has no more excuses than it needs", () => {
    const { points } = readProgram(clientProgram);
    const excused = points.filter(isExcused);
    expect(excused.length).toBeLessThan(points.length / 3);
    for (const { file } of excuses)
      expect(
        excused.some((place) => file.test(place.split(":")[0] ?? "")),
        String(file),
      ).toBe(true);
  });
});

describe("the disk", () => {
  hookIndexedDb();
  const sound = { atOpen: () => null, atTransaction: () => null, atRequest: () => null, atCommit: () => null };

  async function startDisk() {
    const loop = createLoop(random(), 1);
    const profile = createProfile("A", loop);
    const open = async (durability: "strict" | "relaxed") => {
      const context = createContext("A1", loop);
      const indexedDB = createFactory(profile, context, { ...sound, committed: profile.committed });
      const db = await openReviewDb({ indexedDB, IDBKeyRange });
      Object.assign(db, { _options: { ...Reflect.get(db, "_options"), chromeTransactionDurability: durability } });
      return { context, db };
    };
    const ids = () => profile.rows("meta").map((row) => Reflect.get(Object(row), "key"));
    return { profile, open, ids };
  }

  test("a power cut takes what was not flushed, never what was", async () => {
    const { profile, open, ids } = await startDisk();
    const strict = await open("strict");
    await strict.db.meta.put({ key: "flushed", value: 1 });
    const relaxed = await open("relaxed");
    await relaxed.db.meta.put({ key: "not flushed", value: 1 });
    strict.context.kill("power");
    relaxed.context.kill("power");
    const all = { ...random(), int: () => 0 };
    expect(profile.losePower(all)).toBe(1);
    expect(ids()).toEqual(["flushed"]);
  });

  test("a transaction that is open when its context dies is undone, one that is committed stays", async () => {
    const { open, ids } = await startDisk();
    const { context, db } = await open("strict");
    await db.meta.put({ key: "committed", value: 1 });
    const half = db.transaction("rw", db.meta, async () => {
      await db.meta.put({ key: "open", value: 1 });
      context.kill("now");
      await db.meta.put({ key: "later", value: 1 });
    });
    await expect(half).rejects.toThrow();
    expect(ids()).toEqual(["committed"]);
  });

  test("an old copy brings back what was, also after the database was deleted", async () => {
    const { profile, open, ids } = await startDisk();
    const { context, db } = await open("strict");
    await db.meta.put({ key: "old", value: 1 });
    profile.setItem("item", "1");
    const mark = profile.mark();
    await db.meta.put({ key: "old", value: 2 });
    await db.meta.put({ key: "new", value: 1 });
    profile.setItem("item", "2");
    context.kill("restored");
    profile.deleteDatabases();
    expect(ids()).toEqual([]);
    profile.restore(mark);
    expect(profile.rows("meta")).toEqual([{ key: "old", value: 1 }]);
    expect(profile.area.get("item")).toBe("1");
  });
});
