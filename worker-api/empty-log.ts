// Empties a database file's write-ahead log, which still has the pages of before an erasure.
import type { Log } from "./observe.ts";
import { databaseCode } from "./patient-client.ts";
import type { Database } from "./schema.ts";

/** Milliseconds that an erasure waits for it, by tens. */
const waitMs = 200;
const longestPauseMs = 5000;

/**
 * It cannot be emptied while somebody reads from it: mostly for milliseconds, but a backup reads for long. Then it goes on in the background
 * for as long as the server runs, and says so; the next start begins with it.
 */
export async function emptyLog({ $client }: Database, log: Log): Promise<void> {
  if ($client.protocol !== "file") return;
  const isEmpty = async () => (await $client.execute("PRAGMA wal_checkpoint(TRUNCATE)")).rows[0]?.busy === 0;
  const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
  for (let waited = 0; waited < waitMs; waited += 10) {
    if (await isEmpty()) return;
    await pause(10);
  }
  log({ level: "warn", event: "write-ahead-log-busy" });
  const goOn = async () => {
    for (let ms = 100; !(await isEmpty()); ms = Math.min(ms * 2, longestPauseMs)) await pause(ms);
  };
  goOn().catch((error: unknown) => log({ level: "warn", event: "log-not-emptied", database: databaseCode(error) }));
}
