// Opens a database's file as it is meant to be used: durable, with foreign keys, erased text overwritten. Node only.
import { type Client, createClient } from "@libsql/client";
import { patientClient } from "./patient-client.ts";

export interface FileOptions {
  /** `file:PATH`. */
  url: string;
  /** How long a call waits for another process's lock before it fails. */
  waitMs: number;
  /** Whatever would write is refused with SQLITE_READONLY. */
  readOnly?: boolean;
}

/** WAL and FULL: what is answered is on the disk. Erased text is overwritten, not only unlinked. */
const pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;";

export function fileClient({ url, waitMs, readOnly = false }: FileOptions): Client {
  return patientClient(createClient({ url, concurrency: 1 }), {
    pragmas: `${pragmas} PRAGMA query_only=${readOnly ? "ON" : "OFF"};`,
    waitMs,
  });
}
