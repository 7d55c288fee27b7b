// Whether the process lives, whether it can work, and its figures.
import { createRoute, z } from "@hono/zod-openapi";
import { sql } from "drizzle-orm";
import type { Api, Parts } from "./app.ts";
import { json, problemsOf } from "./contract.ts";
import { problemOf, refuse } from "./problem.ts";
import type { Database } from "./schema.ts";

const status = z.strictObject({ status: z.literal("ok") });
const live = createRoute({
  method: "get",
  path: "/healthz",
  summary: "The process lives",
  responses: { 200: json(status, "It does") },
});
const ready = createRoute({
  method: "get",
  path: "/readyz",
  summary: "The database answers and its tables are there",
  responses: { 200: json(status, "It can work"), ...problemsOf() },
});
const figures = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Figures for Prometheus",
  responses: { 200: { description: "Text format 0.0.4", content: { "text/plain": { schema: z.string() } } }, ...problemsOf() },
});

export function addHealth(app: Api, { db, metrics }: Parts): void {
  app.openapi(live, (context) => context.json({ status: "ok" as const }, 200));
  app.openapi(ready, async (context) => {
    if (!(await hasTables(db))) refuse("database-outdated", "Bring the tables up to date: `npm run api -- migrate`.");
    return context.json({ status: "ok" as const }, 200);
  });
  app.openapi(figures, async (context) => context.text(await metrics.page(), 200, { "content-type": metrics.contentType }));
}

/** @throws what a database says that may work again later. */
async function hasTables(db: Database): Promise<boolean> {
  try {
    const rows = await db.all(sql`SELECT 1 FROM meta, (SELECT count(*) FROM events WHERE seq = 0) WHERE key = 'epoch'`);
    return rows.length > 0;
  } catch (error) {
    if (problemOf(error).code !== "internal") throw error;
    return false;
  }
}
