// The database of what was signed: the state of releases and of selector packs, releases' files by hash, and the parts that are still on their way.
import { Dexie, type EntityTable, type Table } from "dexie";

export interface StateRow {
  /** State and the server's last answer, of releases and of selector packs. */
  key: "state" | "answer" | "pack" | "packAnswer";
  value: unknown;
}
interface FileRow {
  sha256: string;
  bytes: Uint8Array<ArrayBuffer>;
}
interface PartRow extends FileRow {
  /** Where in the file the part begins. */
  at: number;
}

export type ReleaseDb = Dexie & {
  state: EntityTable<StateRow, "key">;
  files: EntityTable<FileRow, "sha256">;
  parts: Table<PartRow, [string, number]>;
};

const defaultName = "sectag-releases";

interface OpenOptions {
  name?: string;
  indexedDB?: IDBFactory;
  IDBKeyRange?: typeof globalThis.IDBKeyRange;
}

/** Every write is on the disk before it counts. @throws Error when the browser cannot open it: then the packaged model runs. */
export async function openReleaseDb({ name = defaultName, indexedDB, IDBKeyRange }: OpenOptions = {}): Promise<ReleaseDb> {
  const db = new Dexie(name, {
    chromeTransactionDurability: "strict",
    ...(indexedDB ? { indexedDB } : {}),
    ...(IDBKeyRange ? { IDBKeyRange } : {}),
  }) as ReleaseDb;
  db.version(1).stores({ state: "key", files: "sha256", parts: "[sha256+at]" });
  // A newer version of the extension wants to upgrade: give way at once.
  db.on("versionchange", () => db.close({ disableAutoOpen: true }));
  await db.open();
  return db;
}

/**
 * As `openReleaseDb`; one that cannot be opened any more is made anew: all that was in it is fetched again, and the highest counter has its second copy.
 * @throws Error when a new one cannot be opened either.
 */
export async function openOrReplaceReleaseDb(options: OpenOptions = {}): Promise<ReleaseDb> {
  try {
    return await openReleaseDb(options);
  } catch (error) {
    console.warn("SecTag: the releases' database was damaged and is made anew", error);
    const { name = defaultName, indexedDB, IDBKeyRange } = options;
    await new Dexie(name, { ...(indexedDB ? { indexedDB } : {}), ...(IDBKeyRange ? { IDBKeyRange } : {}) }).delete();
    return openReleaseDb(options);
  }
}

/** One connection for as long as its owner lives; opened again when the browser has closed it. */
export function keepOpen(): () => Promise<ReleaseDb> {
  let opened: Promise<ReleaseDb> | null = null;
  return async () => {
    opened ??= openOrReplaceReleaseDb();
    try {
      const db = await opened;
      if (!db.isOpen()) await db.open();
      return db;
    } catch (error) {
      opened = null;
      throw error;
    }
  };
}
