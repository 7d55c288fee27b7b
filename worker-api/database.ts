// Opens the database under Node (an embedded file, memory, or a remote libSQL by URL) and brings its tables up to date.
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { type MigrationMeta, readMigrationFiles } from "drizzle-orm/migrator";
import { newSecret } from "./credentials.ts";
import { fileClient } from "./file-client.ts";
import { remoteClient } from "./remote-client.ts";
import { type Database, meta, schema } from "./schema.ts";
import { threadedClient } from "./threaded-client.ts";

export interface OpenOptions {
  /** `file:PATH`, `:memory:`, or `libsql:`, `https:`, `http:` for a remote server. */
  url: string;
  authToken?: string | undefined;
  /** How long a call waits for another process's lock before it fails. */
  waitMs?: number;
  /** A file is written to in a thread: for a server, which has other things to do meanwhile. */
  threaded?: boolean;
}

/** @returns the database, migrated. Several processes may do this at once. @throws LibsqlError when it cannot be opened. */
export async function openDatabase({ url, authToken, waitMs = 5000, threaded = false }: OpenOptions): Promise<Database> {
  const file = url.startsWith("file:") ? { url, waitMs } : null;
  const client = file ? fileClient(file) : url === ":memory:" ? createClient({ url }) : remoteClient({ url, authToken });
  await migrate(client, readMigrationFiles({ migrationsFolder: join(import.meta.dirname, "migrations") }));
  if (file && threaded) client.close();
  const db: Database = drizzle(file && threaded ? threadedClient(file) : client, { schema });
  await db
    .insert(meta)
    .values([
      { key: "epoch", value: newSecret() },
      { key: "secret", value: newSecret() },
    ])
    .onConflictDoNothing();
  return db;
}

/** Begins another history: cursors of the old one are answered with 410, and clients send again what they kept. For a restored database. */
export async function renewEpoch(db: Database): Promise<void> {
  await db.update(meta).set({ value: newSecret() }).where(eq(meta.key, "epoch"));
}

/** Applies what is missing in one write transaction that also looks what is missing: a second process waits, then finds nothing to do. */
async function migrate(client: Client, migrations: MigrationMeta[]): Promise<void> {
  const transaction = await client.transaction("write");
  try {
    await transaction.execute(
      "CREATE TABLE IF NOT EXISTS __drizzle_migrations (id INTEGER PRIMARY KEY, hash TEXT NOT NULL, created_at NUMERIC)",
    );
    const { rows } = await transaction.execute("SELECT max(created_at) AS newest FROM __drizzle_migrations");
    const newest = Number(rows[0]?.newest ?? 0);
    for (const { sql, hash, folderMillis } of migrations) {
      if (folderMillis <= newest) continue;
      for (const statement of sql) await transaction.execute(statement);
      await transaction.execute({ sql: "INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)", args: [hash, folderMillis] });
    }
    await transaction.commit();
  } finally {
    transaction.close();
  }
}
