// What waits for a lead: the trainer puts the list after each build, leads read what of it nobody has ruled on since.
import { createRoute, z } from "@hono/zod-openapi";
import { eq, sql } from "drizzle-orm";
import { Sha256 } from "../shared/contract.ts";
import { Waiting, WaitingList } from "../shared/decisions.ts";
import type { Api, Parts } from "./app.ts";
import { scoped } from "./auth.ts";
import { json, problemsOf, secured, time } from "./contract.ts";
import { labelsOf } from "./labels.ts";
import { events, waiting } from "./schema.ts";

const read = createRoute({
  method: "get",
  path: "/v1/waiting",
  summary: "Tickets whose reviews teach nothing until a lead rules on them, and why",
  ...secured,
  middleware: scoped("lead"),
  responses: { 200: json(Waiting, "Without those that were ruled on since the trainer looked"), ...problemsOf(401, 403, 429) },
});
const replace = createRoute({
  method: "put",
  path: "/v1/waiting",
  summary: "Takes the place of the list before; for who exports the history",
  ...secured,
  middleware: scoped("export"),
  request: { body: { ...json(WaitingList, "All that waits now"), required: true } },
  responses: { 204: { description: "Leads see it" }, ...problemsOf(400, 401, 403, 408, 413, 415, 429, 507) },
});

const Kept = z.array(z.strictObject({ id: Sha256, ...WaitingList.shape.tickets.element.shape }));

export function addWaiting(app: Api, { db, now, digest }: Parts): void {
  app.openapi(read, async (context) => {
    const { org } = context.var.principal;
    const [list] = await db.select().from(waiting).where(eq(waiting.orgId, org.id));
    if (!list) return context.json({ tickets: [], more: 0, at: null }, 200);
    const kept = Kept.parse(JSON.parse(list.tickets));
    const labels = await labelsOf(db, {
      visible: eq(events.orgId, org.id),
      tickets: sql`SELECT value FROM json_each(${JSON.stringify(kept.map(({ id }) => id))})`,
    });
    // A lead who says only what it is not has settled nothing that could be learnt.
    const ruled = new Set(labels.flatMap(({ ticketId, ruled, final }) => (ruled && final?.threatType ? [ticketId] : [])));
    const tickets = kept.flatMap(({ id, ...ticket }) => (ruled.has(id) ? [] : [ticket]));
    return context.json({ tickets, more: list.more, at: time(list.at) }, 200);
  });

  app.openapi(replace, async (context) => {
    const { tickets, more } = context.req.valid("json");
    const kept = await Promise.all(
      tickets.map(
        async (one): Promise<z.infer<typeof Kept>[number]> => ({ id: await digest(`${one.ticket.system}\n${one.ticket.key}`), ...one }),
      ),
    );
    const row = { tickets: JSON.stringify(kept), more, at: now() };
    await db
      .insert(waiting)
      .values({ orgId: context.var.principal.org.id, ...row })
      .onConflictDoUpdate({ target: waiting.orgId, set: row });
    return context.body(null, 204);
  });
}
