// Makes a libSQL client over a file wait for another process's lock without stopping this one, and drop a connection that met a lock.
import type { Client, InArgs, TransactionMode } from "@libsql/client";

/** Both say that nothing was done. The second: another call dropped the connection between our asking for it and our using it. */
const mayTryAgain = new Set(["SQLITE_BUSY", "CLIENT_CLOSED"]);

/**
 * The embedded client is synchronous: SQLite's own busy handler would stop the whole process for as long as it waits.
 * And a statement that met a lock stays open on its connection until the garbage collector comes: until then that connection
 * commits nothing, and a single statement reports success and is lost (seen in libsql 0.5.29). So it is never used again.
 * @param pragmas SQL for each new connection; the client must have one connection at a time.
 */
export function patientClient(client: Client, { pragmas, waitMs }: { pragmas: string; waitMs: number }): Client {
  let ready = false;
  let ended = false;
  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + waitMs;
    for (let pause = 2; ; pause = Math.min(pause * 2, 100)) {
      try {
        if (!ready) await client.executeMultiple(pragmas);
        ready = true;
        return await work();
      } catch (error) {
        const code = databaseCode(error);
        if (ended || !mayTryAgain.has(code)) throw error;
        if (code === "SQLITE_BUSY") {
          ready = false;
          client.reconnect();
        }
        if (performance.now() + pause > deadline) throw error;
        await new Promise((done) => setTimeout(done, pause));
      }
    }
  }
  return {
    execute: (statement, args?: InArgs) =>
      patiently(() => (typeof statement === "string" ? client.execute(statement, args) : client.execute(statement))),
    batch: (statements, mode) => patiently(() => client.batch(statements, mode)),
    migrate: (statements) => patiently(() => client.migrate(statements)),
    transaction: (mode?: TransactionMode) => patiently(() => client.transaction(mode ?? "write")),
    executeMultiple: (sql) => patiently(() => client.executeMultiple(sql)),
    sync: () => client.sync(),
    reconnect: () => client.reconnect(),
    close: () => {
      ended = true;
      client.close();
    },
    get closed() {
      return client.closed;
    },
    protocol: client.protocol,
  };
}

/** SQLite's name of what went wrong, also below drizzle's error; empty when it is something else. */
export function databaseCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return databaseCode(error.cause);
}
