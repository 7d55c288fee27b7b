// Selector packs of the org: the newest signed one for installations, PUT for who publishes; and the counts of what selectors find.
import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq, sql } from "drizzle-orm";
import { releaseLimits } from "../shared/release.ts";
import { VisitCounts } from "../shared/selector-health.ts";
import { PackEnvelope, packKind } from "../shared/selector-pack.ts";
import { canonicalJson, openEnvelope } from "../shared/signed-envelope.ts";
import type { Api, Parts } from "./app.ts";
import { scoped } from "./auth.ts";
import { json, problemsOf, secured } from "./contract.ts";
import { refuse } from "./problem.ts";
import { reader, revalidated, unchanged } from "./revalidated.ts";
import { type Database, selectorPacks } from "./schema.ts";

const newest = createRoute({
  method: "get",
  path: "/v1/selectors/stable",
  summary: "The org's newest selector pack, signed; ask again with `If-None-Match`",
  ...reader,
  responses: { 200: json(PackEnvelope, "DSSE"), ...unchanged, ...problemsOf(401, 403, 404, 429) },
});
const publish = createRoute({
  method: "put",
  path: "/v1/selectors/stable",
  summary: "Takes a signed selector pack whose counter is above all before",
  ...secured,
  middleware: scoped("publish"),
  request: { body: { ...json(PackEnvelope, "DSSE, signed by a key that this server trusts"), required: true } },
  responses: {
    200: json(z.strictObject({ counter: z.int() }), "The very same pack was there"),
    201: json(z.strictObject({ counter: z.int() }), "Published: installations take it at their next look"),
    ...problemsOf(400, 401, 403, 408, 409, 413, 415, 422, 429, 507),
  },
});
const visits = createRoute({
  method: "post",
  path: "/v1/selectors/visits",
  summary: "Counts of what selectors found on tickets' pages, by kind of page; only added to the figures",
  ...secured,
  middleware: scoped("review"),
  request: { body: { ...json(VisitCounts, "Since the last time"), required: true } },
  responses: { 204: { description: "Counted" }, ...problemsOf(400, 401, 403, 408, 413, 415, 429) },
});

export function addSelectors(app: Api, { db, now, log, metrics, models }: Parts): void {
  app.openapi(newest, async (context) => {
    const [row] = await db
      .select({ envelope: selectorPacks.envelope })
      .from(selectorPacks)
      .where(eq(selectorPacks.orgId, context.var.principal.org.id))
      .orderBy(desc(selectorPacks.counter))
      .limit(1);
    if (!row) return refuse("not-found", "No selector pack is published: the packaged selectors are in use.");
    revalidated(context);
    return context.json(PackEnvelope.parse(JSON.parse(row.envelope)), 200);
  });

  app.openapi(publish, async (context) => {
    const keys = models?.keys ?? [];
    if (keys.length === 0)
      return refuse("publishing-off", "Nothing is taken that nobody signed: the operator sets SECTAG_RELEASE_KEYS (see docs/operate.md).");
    const { org, user, keyId } = context.var.principal;
    const envelope = canonicalJson(context.req.valid("json"));
    const opened = await openEnvelope(new TextEncoder().encode(envelope), keys, packKind);
    if (!opened.ok) {
      log({ level: "warn", event: "security", code: `selectors-${opened.code}`, keyId });
      return refuse("release-refused", `${opened.message}.`);
    }
    const { counter, expires } = opened.payload;
    if (Date.parse(expires) <= now()) return refuse("release-refused", "The selector pack has expired: sign it anew.");
    const fresh = await insertPack(db, { orgId: org.id, userId: user.id, counter, envelope, now: now() });
    if (!fresh && !(await isStored(db, org.id, counter, envelope)))
      return refuse("conflict", `The counter ${counter} must be above all before, by at most ${releaseLimits.counterStep}.`);
    if (fresh) log({ level: "info", event: "security", code: "selectors-published", keyId, counter });
    return context.json({ counter }, fresh ? 201 : 200);
  });

  app.openapi(visits, (context) => {
    metrics.visited(context.req.valid("json").views);
    return context.body(null, 204);
  });
}

interface NewPack {
  orgId: string;
  userId: string;
  counter: number;
  envelope: string;
  now: number;
}

/** In one statement, so that of two publishers at once one is told no. @returns false when the counter is not fit. */
async function insertPack(db: Database, { orgId, userId, counter, envelope, now }: NewPack): Promise<boolean> {
  const inserted = await db.all(sql`
    INSERT INTO selector_packs (org_id, counter, envelope, published, user_id)
    SELECT ${orgId}, ${counter}, ${envelope}, ${now}, ${userId}
    WHERE ${counter} > (SELECT coalesce(max(counter), 0) FROM selector_packs WHERE org_id = ${orgId})
      AND ${counter} <= (SELECT coalesce(max(counter), ${counter}) FROM selector_packs WHERE org_id = ${orgId}) + ${releaseLimits.counterStep}
    RETURNING counter`);
  return inserted.length > 0;
}

/** True when the org has this very pack: sent again after an answer that was lost. */
async function isStored(db: Database, orgId: string, counter: number, envelope: string): Promise<boolean> {
  const [row] = await db
    .select({ envelope: selectorPacks.envelope })
    .from(selectorPacks)
    .where(and(eq(selectorPacks.orgId, orgId), eq(selectorPacks.counter, counter)));
  return row?.envelope === envelope;
}
