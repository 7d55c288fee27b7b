// One browser's disk: its databases, its storage.local, and what a power cut, an old copy or a deletion leaves of them.
import { IDBFactory } from "fake-indexeddb";
import type { RawDatabases, RawTransaction } from "./idb-hooks.ts";
import type { Loop } from "./loop.ts";
import type { Random } from "./random.ts";

/** One change on the disk that can be taken back. */
interface Change {
  at: number;
  /** Survives a power cut, and everything of IndexedDB before it. */
  strict: boolean;
  store: "database" | "area";
  undo(): void;
}

export interface Profile {
  readonly name: string;
  readonly databases: RawDatabases;
  readonly queues: Map<string, unknown>;
  /** What storage.local holds, as JSON. */
  readonly area: Map<string, string>;
  /** True: no database with this name opens any more. */
  readonly corrupt: Set<string>;
  committed(transaction: RawTransaction): void;
  setItem(key: string, value: string | null): void;
  /** Names a state of the disk, to come back to. */
  mark(): number;
  /** The disk is as it was then (a profile restored from an old copy). No context may be alive. */
  restore(mark: number): void;
  /** What was not flushed is gone, as much of its end as chance says. No context may be alive. @returns how many changes. */
  losePower(random: Random): number;
  /** All databases are gone, storage.local stays. No context may be alive. */
  deleteDatabases(): void;
  /** Opens the database as a window of an older version does that never lets go. @returns how to close it; null when it is newer already. */
  holdOldVersion(): Promise<(() => void) | null>;
  /** Rows of a table in all databases that still open, whoever holds them. */
  rows(table: string): unknown[];
}

/** Chrome writes storage.local without a flush; the system does it at last after this time. */
const flushedAfterMs = 30_000;

export function createProfile(name: string, loop: Loop): Profile {
  const changes: Change[] = [];
  const undoFrom = (index: number) => {
    for (const change of changes.splice(index).reverse()) change.undo();
  };
  const profile: Profile = {
    name,
    databases: new Map(),
    queues: new Map(),
    area: new Map(),
    corrupt: new Set(),
    committed({ mode, durability, _rollbackLog: log }) {
      if (mode === "readonly" || log.length === 0) return;
      const undo = () => {
        for (const step of log.toReversed()) step();
      };
      // An upgrade is flushed by the browser.
      changes.push({ at: loop.now(), strict: durability === "strict" || mode === "versionchange", store: "database", undo });
    },
    setItem(key, value) {
      const before = profile.area.get(key);
      if (value === null) profile.area.delete(key);
      else profile.area.set(key, value);
      const undo = () => {
        if (before === undefined) profile.area.delete(key);
        else profile.area.set(key, before);
      };
      changes.push({ at: loop.now(), strict: false, store: "area", undo });
    },
    mark: () => changes.length,
    restore: undoFrom,
    losePower(random) {
      // LevelDB's log is one a store: what was flushed once keeps all that came before it.
      const flushed = (store: Change["store"]) => {
        const from = changes.findLastIndex(
          (change) => change.store === store && (change.strict || change.at < loop.now() - flushedAfterMs),
        );
        const open = changes.flatMap((change, index) => (change.store === store && index > from ? [index] : []));
        return open.slice(random.int(open.length + 1));
      };
      const lost = new Set([...flushed("database"), ...flushed("area")]);
      for (let index = changes.length - 1; index >= 0; index--)
        if (lost.has(index)) for (const change of changes.splice(index, 1)) change.undo();
      return lost.size;
    },
    deleteDatabases() {
      const gone = new Map(profile.databases);
      profile.databases.clear();
      profile.queues.clear();
      const undo = () => {
        profile.databases.clear();
        for (const [key, database] of gone) profile.databases.set(key, database);
      };
      changes.push({ at: loop.now(), strict: true, store: "database", undo });
    },
    async holdOldVersion() {
      if (profile.databases.size > 0) return null;
      const factory = Object.assign(new IDBFactory(), { _databases: profile.databases, _connectionQueues: profile.queues });
      const request = factory.open("sectag-reviews", 1);
      return new Promise((resolve) => {
        request.onsuccess = () => resolve(() => request.result.close());
        request.onerror = () => resolve(null);
      });
    },
    rows: (table) =>
      [...profile.databases].flatMap(([name, database]) => {
        if (profile.corrupt.has(name)) return [];
        const store = database.rawObjectStores.get(table);
        return store ? [...store.records.values()].map(({ value }) => value) : [];
      }),
  };
  return profile;
}
