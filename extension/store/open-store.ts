// Opens the reviews' store of this browser; one that cannot be opened any more gives way to a new one, filled from the second copy.
import { createMirror, type KeyValueArea, type Mirror, reconcile } from "./mirror.ts";
import { openReviewDb, type ReviewDb, reviewDbName, StoreError } from "./review-db.ts";

export interface Store {
  db: ReviewDb;
  mirror: Mirror;
  /** What happened while opening, for a person; empty when all was well. */
  notice: string;
}

interface OpenStoreOptions {
  /** browser.storage.local: holds the second copy and the database's name. */
  area: KeyValueArea;
  indexedDB?: IDBFactory;
  IDBKeyRange?: typeof globalThis.IDBKeyRange;
}

const nameKey = "reviews.database";
const tries = 3;

/** Name of the database that is in use. */
export async function currentDbName(area: KeyValueArea): Promise<string> {
  const name = (await area.get(null))[nameKey];
  return typeof name === "string" && name.startsWith(reviewDbName) ? name : reviewDbName;
}

/** @throws StoreError `blocked` or `newer` when another window or a newer version holds the database: nothing is made anew for that. */
export async function openStore({ area, ...idb }: OpenStoreOptions): Promise<Store> {
  const mirror = createMirror(area);
  const name = await currentDbName(area);
  let db = await openOrNull({ name, ...idb });
  let notice = "";
  if (!db) {
    // The damaged one stays on the disk under its old name, for whoever wants to look into it.
    const generation = Number(/-(\d+)$/.exec(name)?.[1] ?? 1) + 1;
    const fresh = `${reviewDbName}-${generation}`;
    db = await openReviewDb({ name: fresh, ...idb });
    await area.set({ [nameKey]: fresh });
    notice = "The reviews' database was damaged and was made anew.";
  }
  const { whole, damaged } = await reconcile(db, mirror);
  if (whole > 0) notice = `${notice} ${whole} unsent reviews were brought back from their second copy.`.trim();
  if (damaged > 0) notice = `${notice} Of ${damaged} unsent reviews only a damaged copy is left: the options page shows them.`.trim();
  return { db, mirror, notice };
}

/** Null when the database is broken for good: a single failure may pass. */
async function openOrNull(options: {
  name: string;
  indexedDB?: IDBFactory;
  IDBKeyRange?: typeof globalThis.IDBKeyRange;
}): Promise<ReviewDb | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openReviewDb(options);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "broken") throw error;
      if (attempt === tries) return null;
    }
  }
}
