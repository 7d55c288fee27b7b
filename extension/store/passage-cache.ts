// Keeps what the model read of passages over restarts: hashes, numbers and offsets in IndexedDB, never text.
import { Dexie, type EntityTable } from "dexie";
import type { PassageCache, PassageReading } from "../inference/passage-cache.ts";

/** Most readings kept; the ones not used for longest go first. */
const most = 2000;
/** Rows are pushed out in batches of this size, so that not every write pays for it. */
const batch = 100;

interface Row {
  /** SHA-256 of model version, backend and text. */
  key: string;
  /** Milliseconds since 1970 of the last use. */
  usedAt: number;
  reading: PassageReading;
}

type Database = Dexie & { readings: EntityTable<Row, "key"> };

/** Opens (or makes) the store. @throws Error when the browser refuses IndexedDB; the caller then remembers in memory only. */
export async function openPassageCache(now: () => number = Date.now): Promise<PassageCache> {
  const db = new Dexie("sectag") as Database;
  db.version(1).stores({ readings: "key, usedAt" });
  // A newer version of the extension may want to upgrade: give way at once, memory serves until the worker restarts.
  db.on("versionchange", () => db.close({ disableAutoOpen: true }));
  await db.open();
  await pushOut(db);
  let writes = 0;
  return {
    async get(key) {
      const row = await db.readings.get(key);
      if (row) await db.readings.update(key, { usedAt: now() });
      return row?.reading;
    },
    async put(key, reading) {
      await db.readings.put({ key, usedAt: now(), reading });
      if (++writes % batch === 0) await pushOut(db);
    },
  };
}

/** Gives the space back: what is forgotten here is only computed again. */
export async function clearPassageCache(): Promise<void> {
  await Dexie.delete("sectag");
}

async function pushOut(db: Database): Promise<void> {
  const tooMany = (await db.readings.count()) - most;
  if (tooMany > 0) await db.readings.orderBy("usedAt").limit(tooMany).delete();
}
