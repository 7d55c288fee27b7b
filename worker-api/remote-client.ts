// A client of a remote libSQL over HTTP, the same under Node and in Workers: with a time limit, and with one error for "not reached".
import { type Client, createClient, type InArgs, LibsqlError, type TransactionMode } from "@libsql/client/http";

const ANSWER_MS = 10_000;

export interface Remote {
  /** `libsql:`, `https:` or `http:`. */
  url: string;
  authToken?: string | undefined;
}

/** Each call has a client of its own, which costs nothing over HTTP: a Worker may not wait in one request for another's. */
export function remoteClient({ url, authToken }: Remote): Client {
  const open = () => createClient({ url, fetch: reach, ...(authToken ? { authToken } : {}) });
  return {
    execute: (statement, args?: InArgs) => (typeof statement === "string" ? open().execute(statement, args) : open().execute(statement)),
    batch: (statements, mode) => open().batch(statements, mode),
    migrate: (statements) => open().migrate(statements),
    transaction: (mode?: TransactionMode) => open().transaction(mode ?? "write"),
    executeMultiple: (sql) => open().executeMultiple(sql),
    sync: () => open().sync(),
    reconnect: () => undefined,
    close: () => undefined,
    closed: false,
    protocol: "http",
  };
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(ANSWER_MS) });
  } catch {
    // Each platform has other words for it; none of them may reach a log, since some repeat the URL.
    throw new LibsqlError("The remote database was not reached", "SERVER_ERROR");
  }
}
