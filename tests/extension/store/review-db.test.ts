// Databases of every version open; damaged, newer and held ones are told apart, and nothing unsent is lost with them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { expect, test } from "vitest";
import { z } from "zod";
import type { createMirror } from "../../../extension/store/mirror.ts";
import { openStore } from "../../../extension/store/open-store.ts";
import { openReviewDb, reviewDbName, reviewDbVersion } from "../../../extension/store/review-db.ts";
import { deadLetters, discardDead } from "../../../extension/store/review-log.ts";
import { createReviews } from "../../../extension/store/reviews.ts";
import type { Decision } from "../../../shared/decisions.ts";
import { freshIndexedDb, intent, memoryArea, openLab } from "./review-lab.ts";

const folder = join(import.meta.dirname, "..", "..", "fixtures", "db");
/** A database as it lay on a disk: its stores, their keys and indexes, their rows. */
const StoredDb = z.strictObject({
  name: z.string(),
  version: z.int(),
  stores: z.array(
    z.strictObject({
      name: z.string(),
      keyPath: z.string(),
      autoIncrement: z.boolean(),
      indexes: z.array(
        z.strictObject({
          name: z.string(),
          keyPath: z.union([z.string(), z.array(z.string())]),
          unique: z.boolean(),
          multiEntry: z.boolean(),
        }),
      ),
      rows: z.array(z.unknown()),
    }),
  ),
});

function lay(indexedDB: IDBFactory, stored: z.infer<typeof StoredDb>): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(stored.name, stored.version);
    request.onerror = () => reject(request.error);
    request.onupgradeneeded = () => {
      for (const { name, keyPath, autoIncrement, indexes, rows } of stored.stores) {
        const store = request.result.createObjectStore(name, { keyPath, autoIncrement });
        for (const index of indexes) store.createIndex(index.name, index.keyPath, index);
        for (const row of rows) store.add(row);
      }
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });
}

test.each(Array.from({ length: reviewDbVersion }, (_, index) => index + 1))(
  "a database of version %i opens, and its unsent decisions are there",
  async (version) => {
    const file = join(folder, `${reviewDbName}-v${version}.json`);
    expect(existsSync(file), `${file} is missing: export the version before you change it (tests/extension/store/export-db.ts)`).toBe(true);
    const stored = StoredDb.parse(JSON.parse(readFileSync(file, "utf8")));
    const idb = { indexedDB: new IDBFactory(), IDBKeyRange };
    await lay(idb.indexedDB, stored);
    const lab = await openLab({ db: await openReviewDb(idb) });
    const waiting = stored.stores.find(({ name }) => name === "outbox")?.rows.length ?? 0;
    expect(waiting).toBeGreaterThan(0);
    expect(await lab.db.outbox.count()).toBe(waiting);
    expect((await lab.reviews.history(intent())).length).toBeGreaterThan(0);
    expect(await lab.reviews.decide(intent())).toMatchObject({ ok: true });
  },
);

test("a database of a newer version is left alone, and the person is told to update", async () => {
  const idb = freshIndexedDb();
  await lay(idb.indexedDB, { name: reviewDbName, version: reviewDbVersion * 10 + 10, stores: [] });
  await expect(openReviewDb(idb)).rejects.toMatchObject({ code: "newer", message: expect.stringContaining("newer version") });
});

test("an upgrade that an old window blocks is told, not waited for; afterwards it opens", async () => {
  const idb = freshIndexedDb();
  const old = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = idb.indexedDB.open(reviewDbName, 5);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  await expect(openReviewDb(idb)).rejects.toMatchObject({ code: "blocked" });
  old.close();
  const db = await openReviewDb(idb);
  expect(db.isOpen()).toBe(true);
});

/** A factory whose `open` of this name fails, as many times as given. */
function brokenFor(name: string, times: number): IDBFactory {
  const real = new IDBFactory();
  let left = times;
  return new Proxy(real, {
    get(target, property) {
      if (property !== "open") return Reflect.get(target, property).bind?.(target) ?? Reflect.get(target, property);
      return (wanted: string, version?: number) => {
        if (wanted === name && left-- > 0) throw new DOMException("Internal error opening backing store", "UnknownError");
        return target.open(wanted, version);
      };
    },
  });
}

const reviewsOf = (store: { db: Awaited<ReturnType<typeof openReviewDb>>; mirror: ReturnType<typeof createMirror> }) =>
  createReviews({
    ...store,
    policy: async () => ({ restricted: false, ownDomains: [] }),
    connected: async () => false,
    userId: async () => null,
    freeSpace: [],
    onSaved: () => undefined,
    onNotice: () => undefined,
  });

test("a failure that passes is passed over: the same database opens", async () => {
  const area = memoryArea();
  const store = await openStore({ area, indexedDB: brokenFor(reviewDbName, 2), IDBKeyRange });
  expect([store.db.name, store.notice]).toEqual([reviewDbName, ""]);
});

test("a database broken for good gives way to a new one with every unsent decision, once", async () => {
  const area = memoryArea();
  const first = await openStore({ area, ...freshIndexedDb() });
  const made = [intent(), intent(), intent()];
  for (const one of made) await reviewsOf(first).decide(one);
  first.db.close();
  const indexedDB = brokenFor(reviewDbName, Number.POSITIVE_INFINITY);
  const second = await openStore({ area, indexedDB, IDBKeyRange });
  expect(second.db.name).toBe(`${reviewDbName}-2`);
  expect(second.notice).toContain("3 unsent reviews were brought back");
  expect((await second.db.outbox.toArray()).map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  expect((await reviewsOf(second).history(intent())).length).toBe(3);
  second.db.close();
  const third = await openStore({ area, indexedDB, IDBKeyRange });
  expect([third.db.name, await third.db.outbox.count(), third.notice]).toEqual([`${reviewDbName}-2`, 3, ""]);
});

test("an evicted database: unsent decisions come back from the second copy; what the server has leaves it", async () => {
  const area = memoryArea();
  const first = await openStore({ area, ...freshIndexedDb() });
  const [sent, waiting] = [intent(), intent()];
  for (const one of [sent, waiting]) await reviewsOf(first).decide(one);
  // As the sync notes an answer; the browser died before the second copy was cleared.
  await first.db.outbox.where({ id: sent.id }).delete();
  await first.db.reviews.where({ id: sent.id }).modify({ seq: 1 });
  first.db.close();
  const reopened = await openStore({ area, indexedDB: new IDBFactory(), IDBKeyRange });
  // With the database gone nobody knows what was sent: sending it again is harmless, losing it is not.
  expect(await reopened.db.outbox.count()).toBe(2);
  reopened.db.close();
});

test("a lost database and a damaged second copy: what is left is shown among the refused ones, and stays there", async () => {
  const area = memoryArea();
  const first = await openStore({ area, ...freshIndexedDb() });
  const [whole, spoilt] = [intent(), intent()];
  for (const one of [whole, spoilt]) await reviewsOf(first).decide(one);
  first.db.close();
  const key = `outbox.${spoilt.id}`;
  area.items.set(key, { ...(area.items.get(key) as Decision), labelsVersion: -1 });
  area.items.set("outbox.nothing", "like a decision");
  const idb = freshIndexedDb();
  const second = await openStore({ area, ...idb });
  expect(second.notice).toBe(
    "1 unsent reviews were brought back from their second copy. Of 1 unsent reviews only a damaged copy is left: the options page shows them.",
  );
  expect((await second.db.outbox.toArray()).map(({ id }) => id)).toEqual([whole.id]);
  expect(await deadLetters(second.db)).toMatchObject([
    { id: spoilt.id, ticket: spoilt.ticket, problem: { title: "The review is damaged" }, at: Date.parse(spoilt.clientTime) },
  ]);
  second.db.close();
  const third = await openStore({ area, ...idb });
  expect([third.notice, await third.db.dead.count(), [...area.items.keys()].sort()]).toEqual([
    "",
    1,
    [`outbox.${whole.id}`, "outbox.nothing"].sort(),
  ]);
  // Given up by a person, it does not come back.
  await discardDead(third.db, spoilt.id);
  third.db.close();
  expect(await (await openStore({ area, ...idb })).db.dead.count()).toBe(0);
});

test("opening with everything in place clears copies of what the server has and makes missing ones", async () => {
  const area = memoryArea();
  const idb = freshIndexedDb();
  const first = await openStore({ area, ...idb });
  const [sent, waiting] = [intent(), intent()];
  for (const one of [sent, waiting]) await reviewsOf(first).decide(one);
  await first.db.outbox.where({ id: sent.id }).delete();
  area.items.delete(`outbox.${waiting.id}`);
  first.db.close();
  await openStore({ area, ...idb });
  expect([...area.items.keys()]).toEqual([`outbox.${waiting.id}`]);
});
