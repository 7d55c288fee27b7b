// The reviews' database: its tables, its versions, and how it is opened when something is wrong with it.
import { Dexie, type EntityTable } from "dexie";
import type { TicketRef } from "../../shared/contract.ts";
import type { Decision, DecisionView, Problem, Reviewer, SuggestionSummary } from "../../shared/decisions.ts";

/** A ticket that was tagged here, with the newest suggestion; no text. */
export interface TicketRow {
  /** SHA-256 of `system + "\n" + key`. */
  id: string;
  ticket: TicketRef;
  /** Where it was seen, for "go there". */
  url: string;
  /** Milliseconds since 1970. */
  seenAt: number;
}
export interface SuggestionRow extends SuggestionSummary {
  ticketId: string;
  at: number;
}
/** One decision as it counts here. Never edited but for `seq` and erasure. */
export interface ReviewRow {
  /** Order of arrival in this database. */
  n?: number;
  id: string;
  ticketId: string;
  /** The server's order; null until it has answered. */
  seq: number | null;
  /** Made in this browser: never thrown away for what a server says. */
  local: boolean;
  /** Who decided, as the server says; null for one made here. */
  reviewer: Reviewer | null;
  decision: DecisionView;
  /** Hashes of the texts that it was about, when all that was marked in them is stored; of those made here. */
  judged?: string[];
  /** `elsewhere`: sent as somebody else or to another org, and not to be sent again. `unsure`: the server was restored since it took it. */
  doubt?: "elsewhere" | "unsure" | null;
  /** When the server took it, by its clock, milliseconds since 1970; of pulled rows. */
  serverTime?: number;
}
/** A decision that waits to be sent. Immutable; removed only together with the noting of the server's answer. */
export interface OutboxRow {
  n?: number;
  id: string;
  bytes: number;
  decision: Decision;
}
/** A decision that the server has, kept for a while in case the server is restored from an older state. */
export interface KeptRow {
  id: string;
  bytes: number;
  decision: Decision;
  /** By the clock of `kept.ts`, milliseconds. */
  ackedAt: number;
}
/** A decision that the server refused: shown, and blocks nothing. */
export interface DeadRow {
  id: string;
  bytes: number;
  decision: Decision;
  problem: Problem;
  at: number;
}
/** One request body that left the machine. */
export interface SentRow {
  n?: number;
  at: number;
  url: string;
  body: string;
  /** HTTP status; null while unanswered. */
  status: number | null;
}
interface MetaRow {
  key: string;
  value: unknown;
}

export type ReviewDb = Dexie & {
  tickets: EntityTable<TicketRow, "id">;
  suggestions: EntityTable<SuggestionRow, "ticketId">;
  reviews: EntityTable<ReviewRow, "n">;
  outbox: EntityTable<OutboxRow, "n">;
  kept: EntityTable<KeptRow, "id">;
  dead: EntityTable<DeadRow, "id">;
  sent: EntityTable<SentRow, "n">;
  /** Pulled rows of a new history, until it is complete and takes the old one's place. */
  shadow: EntityTable<ReviewRow, "n">;
  meta: EntityTable<MetaRow, "key">;
};

/** Raised by one with each change of a table; tests/fixtures/db has an export of every version. */
export const reviewDbVersion = 1;
export const reviewDbName = "sectag-reviews";

/** What is wrong with the store, for a person. */
export class StoreError extends Error {
  override name = "StoreError";
  readonly code: "full" | "blocked" | "newer" | "broken";
  constructor(code: StoreError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** True for what the browser says of a connection that it has cut: a new one may work. */
export function isConnectionLost(error: unknown): boolean {
  return hasName(error, "InvalidStateError") || hasName(error, "DatabaseClosedError");
}

/** Dexie wraps the browser's error in its own, sometimes in that of the aborted transaction. */
export function hasName(error: unknown, name: string): boolean {
  for (let at: unknown = error; at instanceof Error; at = "inner" in at ? at.inner : at.cause) if (at.name === name) return true;
  return false;
}

interface OpenOptions {
  name?: string;
  indexedDB?: IDBFactory;
  IDBKeyRange?: typeof globalThis.IDBKeyRange;
}

/**
 * Opens the database, or makes it. Every write transaction is flushed to the disk before it counts as complete.
 * @throws StoreError `blocked` when another window holds it, `newer` when a newer version of the extension made it, `broken` when the browser cannot open it.
 */
export async function openReviewDb({ name = reviewDbName, indexedDB, IDBKeyRange }: OpenOptions = {}): Promise<ReviewDb> {
  const db = new Dexie(name, {
    chromeTransactionDurability: "strict",
    ...(indexedDB ? { indexedDB } : {}),
    ...(IDBKeyRange ? { IDBKeyRange } : {}),
  }) as ReviewDb;
  db.version(1).stores({
    tickets: "id, seenAt",
    suggestions: "ticketId",
    reviews: "++n, &id, ticketId",
    outbox: "++n, &id",
    kept: "id, ackedAt",
    dead: "id, at",
    sent: "++n",
    shadow: "++n, &id",
    meta: "key",
  });
  // A newer version of the extension wants to upgrade: give way at once; whoever still writes here is told to reload.
  db.on("versionchange", () => db.close({ disableAutoOpen: true }));
  const blocked = new Promise<never>((_, reject) => {
    db.on("blocked", () =>
      reject(new StoreError("blocked", "Another window of SecTag holds an older database: close it, or restart the browser.")),
    );
  });
  try {
    await Promise.race([db.open(), blocked]);
  } catch (error) {
    db.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      "broken",
      `The browser could not open the reviews' database: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  // Dexie opens a newer database without complaint; to write old shapes into it would harm it.
  if (db.backendDB().version > reviewDbVersion * 10) {
    db.close();
    throw new StoreError("newer", "The reviews were made by a newer version of SecTag: update the extension.");
  }
  return db;
}
