// The one write of a push: all its rows in one statement of one transaction, which also gives them their place in the history.
import { z } from "@hono/zod-openapi";
import type { InStatement, InValue, ResultSet } from "@libsql/client";
import { inArray } from "drizzle-orm";
import type { Principal } from "./auth.ts";
import { type Database, events } from "./schema.ts";

export interface NewEvent {
  id: string;
  ticketId: string;
  payloadHash: string;
  view: string;
  texts: string;
  verdict: string;
  supersedes: string | null;
  modelVersion: string | null;
  suggested: string | null;
  final: string | null;
}

/** What the history has under an id. */
export interface Known {
  seq: number;
  payloadHash: string;
  /** Sent before by the same person; else the id is somebody else's. */
  mine: boolean;
  /** Stored by this very call. */
  fresh: boolean;
}

type Writer = Pick<Principal, "org" | "user">;

const columns =
  "org_id, user_id, role, server_time, kind, id, ticket_id, payload_hash, verdict, supersedes, model_version, suggested, final, view, texts";
const tuple = "(?1, ?2, ?3, ?4, 'decision', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/** Written by hand: drizzle takes as long to build the statement for 100 rows as SQLite takes to store them. */
export function insertStatement(rows: readonly NewEvent[], { org, user }: Writer, now: number): InStatement {
  const args: InValue[] = [org.id, user.id, user.role, now];
  for (const row of rows)
    args.push(
      row.id,
      row.ticketId,
      row.payloadHash,
      row.verdict,
      row.supersedes,
      row.modelVersion,
      row.suggested,
      row.final,
      row.view,
      row.texts,
    );
  const sql = `INSERT INTO events (${columns}) VALUES ${rows.map(() => tuple).join(", ")} ON CONFLICT (id) DO NOTHING RETURNING id, seq`;
  return { sql, args };
}

/** Forgets texts and quotes; goes on with a condition on the ticket. ?1 is the org. */
export const scrub =
  "UPDATE events SET texts = NULL, view = json_set(view, '$.final.spans', json('[]')) WHERE org_id = ?1 AND texts IS NOT NULL AND ticket_id";
/** Of the tickets in the JSON array ?2: erased is erased, also for what comes late. */
const erasedBefore =
  "IN (SELECT ticket_id FROM events WHERE kind = 'erased' AND org_id = ?1 AND ticket_id IN (SELECT value FROM json_each(?2)))";

/** Stores what is not there yet, all or nothing. @returns after the commit, what the history now has under each id, and its epoch. */
export async function insertEvents(
  db: Database,
  { rows, writer, now }: { rows: readonly NewEvent[]; writer: Writer; now: number },
): Promise<{ epoch: string; known: Map<string, Known> }> {
  const known = new Map<string, Known>();
  const epochQuery = "SELECT value FROM meta WHERE key = 'epoch'";
  if (rows.length === 0) return { epoch: epochOf(await db.$client.execute(epochQuery)), known };
  const tickets = JSON.stringify([...new Set(rows.map(({ ticketId }) => ticketId))]);
  const [inserted, , epoch] = await db.$client.batch(
    [insertStatement(rows, writer, now), { sql: `${scrub} ${erasedBefore}`, args: [writer.org.id, tickets] }, epochQuery],
    "write",
  );
  // Of an id that is in the batch twice, the first is stored.
  const hashes = new Map(rows.toReversed().map(({ id, payloadHash }) => [id, payloadHash]));
  for (const { id, seq } of Inserted.parse(inserted?.rows))
    known.set(id, { seq, payloadHash: hashes.get(id) ?? "", mine: true, fresh: true });
  const others = rows.filter(({ id }) => !known.has(id)).map(({ id }) => id);
  if (others.length > 0) {
    // Rows are never changed in what is read here, so that this need not be in the transaction.
    const { org, user } = writer;
    for (const { id, seq, payloadHash, orgId, userId } of await db.select(knownColumns).from(events).where(inArray(events.id, others)))
      known.set(id ?? "", { seq, payloadHash: payloadHash ?? "", mine: orgId === org.id && userId === user.id, fresh: false });
  }
  return { epoch: epochOf(epoch), known };
}

const Inserted = z.array(z.object({ id: z.string(), seq: z.number() }));
const Epoch = z.tuple([z.object({ value: z.string() })]);
const epochOf = (result: ResultSet | undefined) => Epoch.parse(result?.rows)[0].value;
const { id, seq, payloadHash, orgId, userId } = events;
const knownColumns = { id, seq, payloadHash, orgId, userId };
