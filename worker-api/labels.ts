// Which decisions count: of each person and ticket the newest that was not taken back, and of a ticket the lead's ruling before others.
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { TicketRef } from "../shared/contract.ts";
import { Role, SuggestionSummary, TicketLabel, Verdict } from "../shared/decisions.ts";
import type { Database } from "./schema.ts";

/** True of a row of `events` that its person did not take back: `standing` of shared/review.ts in SQL. */
export const stands: SQL = sql`(events.verdict <> 'undo' AND NOT EXISTS (
  SELECT 1 FROM events AS u WHERE u.verdict = 'undo' AND u.supersedes = events.id AND u.user_id = events.user_id))`;

const Row = z.object({
  seq: z.number(),
  ticketId: z.string(),
  userId: z.string(),
  role: Role,
  serverTime: z.number(),
  id: z.string(),
  verdict: Verdict,
  stands: z.number(),
  view: z.string(),
});
type Row = z.infer<typeof Row>;
const Judgement = z.object({
  ticket: z.object(TicketRef.shape),
  suggestion: z.object(SuggestionSummary.shape).pick({ threatType: true, severity: true, modelVersion: true }),
  final: z.object(TicketLabel.shape.final.unwrap().shape).nullable(),
});

/**
 * Labels of the tickets that `tickets` selects, from the rows that `visible` lets through. Derived when asked for, not kept: a push stays one
 * insert, an undo needs no repair, and a page reads only its own tickets' rows.
 */
export async function labelsOf(db: Database, { visible, tickets }: { visible: SQL; tickets: SQL }): Promise<TicketLabel[]> {
  const rows = z.array(Row).parse(
    await db.all(sql`
      SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY ticketId, userId ORDER BY stands DESC, seq DESC) AS nth FROM (
          SELECT seq, ticket_id AS ticketId, user_id AS userId, role, server_time AS serverTime, id, verdict, ${stands} AS stands, view
          FROM events WHERE kind = 'decision' AND ${visible} AND ticket_id IN (${tickets})))
      WHERE nth = 1 ORDER BY ticketId, seq`),
  );
  return [...Map.groupBy(rows, ({ ticketId }) => ticketId).values()].map(labelOf);
}

/** @param rows the row of each person that counts, oldest first. */
function labelOf(rows: Row[]): TicketLabel {
  const judged = rows.map((row) => ({ ...row, ...Judgement.parse(JSON.parse(row.view)) }));
  const standing = judged.filter((row) => row.stands === 1);
  // Who judged spans alone says nothing about the tag.
  const saying = standing.filter(({ final, verdict }) => final?.threatType || verdict === "reject");
  const ruling = saying.findLast(({ role }) => role === "lead" || role === "admin");
  const chosen = ruling ?? saying.at(-1) ?? standing.at(-1) ?? judged.at(-1);
  if (!chosen) throw new Error("A ticket without rows has no label");
  const { seq, ticketId, serverTime, id, verdict, ticket, suggestion } = chosen;
  const final = chosen.stands === 1 ? chosen.final : null;
  const same = (other: typeof final) => other?.threatType === final?.threatType && other?.severity === final?.severity;
  return {
    ticketId,
    ticket,
    final: final && { threatType: final.threatType, severity: final.severity },
    verdict,
    ruled: ruling !== undefined,
    reviewers: standing.length,
    agreeing: standing.filter((row) => same(row.final)).length,
    suggestion,
    decisionId: id,
    seq,
    serverTime: new Date(serverTime).toISOString(),
  };
}
