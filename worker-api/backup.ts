// Copies the embedded database to a file while the server runs, and puts such a file back in its place as a new history.
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { openDatabase, renewEpoch } from "./database.ts";
import { databaseCode } from "./patient-client.ts";

const open = (file: string): Client => createClient({ url: `file:${file}`, concurrency: 1 });

/** @returns bytes of the copy. @throws Error with a sentence for the operator. */
export async function backup({ file, to }: { file: string; to: string }): Promise<number> {
  if (!existsSync(file)) throw new Error(`There is no database at ${file}.`);
  if (existsSync(to)) throw new Error(`${to} is there already: a backup overwrites nothing.`);
  await copyWhole(file, to);
  return statSync(to).size;
}

/** @returns where the replaced database was put, null when there was none. @throws Error with a sentence for the operator; nothing is changed then. */
export async function restore({ file, from, now }: { file: string; from: string; now: number }): Promise<string | null> {
  if (!existsSync(from)) throw new Error(`There is no file ${from}.`);
  if (existsSync(file)) await demandUnused(file);
  const fresh = `${file}.restoring`;
  removeDatabase(fresh);
  try {
    await copyWhole(from, fresh);
    const db = await openDatabase({ url: `file:${fresh}` });
    await renewEpoch(db);
    await db.$client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    db.$client.close();
  } catch (error) {
    removeDatabase(fresh);
    throw error;
  }
  flush(fresh);
  const old = existsSync(file) ? `${file}.before-restore-${now}` : null;
  if (old) linkSync(file, old);
  // The log of the old file has been emptied into it; beside the new one it would be poison.
  for (const suffix of ["-wal", "-shm"]) rmSync(file + suffix, { force: true });
  renameSync(fresh, file);
  for (const suffix of ["-wal", "-shm"]) rmSync(fresh + suffix, { force: true });
  flush(dirname(file));
  return old;
}

/** A copy without holes, of what is committed now, log included; only of a whole database of ours. */
async function copyWhole(from: string, to: string): Promise<void> {
  const client = open(from);
  try {
    const [check] = (await client.execute("PRAGMA integrity_check")).rows;
    if (check?.integrity_check !== "ok") throw new Error(`${from} is damaged: ${String(check?.integrity_check)}.`);
    const { rows } = await client.execute("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'");
    if (rows.length === 0) throw new Error(`${from} is no database of SecTag.`);
    await client.execute({ sql: "VACUUM INTO ?", args: [to] });
  } catch (error) {
    const code = databaseCode(error);
    if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT") throw new Error(`${from} is damaged or no database.`);
    if (code === "SQLITE_FULL") throw new Error(`The disk of ${to} is full.`);
    throw error;
  } finally {
    client.close();
  }
  flush(to);
}

/** Nobody may have the file open that is to be replaced. Also empties its log into it. */
async function demandUnused(file: string): Promise<void> {
  const client = open(file);
  try {
    await client.executeMultiple("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;");
  } catch (error) {
    if (databaseCode(error) === "SQLITE_BUSY") throw new Error(`${file} is in use: stop the server first.`);
    // A damaged database is what one restores over.
    if (databaseCode(error) !== "SQLITE_CORRUPT" && databaseCode(error) !== "SQLITE_NOTADB") throw error;
  } finally {
    client.close();
  }
}

function removeDatabase(file: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
}

function flush(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}
