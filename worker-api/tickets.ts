// Tickets: the label that each has now, and the erasure of what was read in one.
import { createRoute, z } from "@hono/zod-openapi";
import { and, eq, type SQL, sql } from "drizzle-orm";
import { Sha256 } from "../shared/contract.ts";
import type { Api, Parts } from "./app.ts";
import { type Principal, scoped } from "./auth.ts";
import { json, named, problemsOf, secured } from "./contract.ts";
import { emptyLog } from "./empty-log.ts";
import { visibleTo } from "./events.ts";
import { scrub } from "./insert-events.ts";
import { labelsOf } from "./labels.ts";
import { refuse } from "./problem.ts";
import { events } from "./schema.ts";

const params = z.object({ ticketId: Sha256 });
const readers = scoped("review", "lead", "export");

const list = createRoute({
  method: "get",
  path: "/v1/tickets",
  summary: "Labels of tickets, by ticket id",
  ...secured,
  middleware: readers,
  request: { query: z.object({ after: Sha256.optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }) },
  responses: {
    200: json(
      z.strictObject({ tickets: z.array(named.ticketLabel), next: Sha256.nullable() }),
      "`next` is the `after` of the next page; null: there is none",
    ),
    ...problemsOf(400, 401, 403, 429),
  },
});

const one = createRoute({
  method: "get",
  path: "/v1/tickets/{ticketId}",
  summary: "A ticket's label",
  ...secured,
  middleware: readers,
  request: { params },
  responses: { 200: json(named.ticketLabel, "The lead's ruling, else the newest decision"), ...problemsOf(400, 401, 403, 404, 429) },
});

const erase = createRoute({
  method: "delete",
  path: "/v1/tickets/{ticketId}",
  summary: "Erases a ticket's texts and quotes for ever; its labels stay",
  ...secured,
  middleware: scoped("lead", "admin"),
  request: { params },
  responses: { 204: { description: "Erased, now or before" }, ...problemsOf(400, 401, 403, 404, 429) },
});

/** The rows of the org that this key may make labels of: who may export sees all as well. */
function visible(principal: Principal): SQL {
  const seen = principal.scopes.includes("export") ? undefined : visibleTo(principal);
  return and(eq(events.orgId, principal.org.id), seen) ?? sql`FALSE`;
}

export function addTickets(app: Api, { db, now, log }: Parts): void {
  app.openapi(list, async (context) => {
    const { after = "", limit } = context.req.valid("query");
    const rows = visible(context.var.principal);
    const tickets = await labelsOf(db, {
      visible: rows,
      tickets: sql`SELECT DISTINCT ticket_id FROM events WHERE ${rows} AND kind = 'decision' AND ticket_id > ${after} ORDER BY ticket_id LIMIT ${limit}`,
    });
    const next = tickets.length === limit ? (tickets.at(-1)?.ticketId ?? null) : null;
    return context.json({ tickets, next }, 200);
  });

  app.openapi(one, async (context) => {
    const { ticketId } = context.req.valid("param");
    const [label] = await labelsOf(db, { visible: visible(context.var.principal), tickets: sql`SELECT ${ticketId}` });
    if (!label) return refuse("not-found", noTicket);
    return context.json(label, 200);
  });

  app.openapi(erase, async (context) => {
    const { ticketId } = context.req.valid("param");
    const { org, user } = context.var.principal;
    const ofTicket = "FROM events WHERE org_id = ?1 AND ticket_id = ?2 AND kind";
    const [, , known] = await db.$client.batch(
      [
        { sql: `${scrub} = ?2`, args: [org.id, ticketId] },
        {
          sql: `INSERT INTO events (org_id, user_id, role, server_time, kind, ticket_id)
            SELECT ?1, ?3, 'admin', ?4, 'erased', ?2
            WHERE EXISTS (SELECT 1 ${ofTicket} = 'decision') AND NOT EXISTS (SELECT 1 ${ofTicket} = 'erased')`,
          args: [org.id, ticketId, user.id, now()],
        },
        { sql: `SELECT 1 ${ofTicket} = 'erased'`, args: [org.id, ticketId] },
      ],
      "write",
    );
    if (known?.rows.length === 0) refuse("not-found", noTicket);
    await emptyLog(db, log);
    return context.body(null, 204);
  });
}

const noTicket = 'No decision about this ticket is known. Its id is SHA-256 of `system + "\\n" + key`.';
