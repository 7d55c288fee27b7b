// Keys of the org: list, make, revoke. For admins.
import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq, isNull } from "drizzle-orm";
import { Reviewer, Scope } from "../shared/decisions.ts";
import { createKey, roleScopes } from "./accounts.ts";
import type { Api, Parts } from "./app.ts";
import { scoped } from "./auth.ts";
import { json, Name, problemsOf, secured, time } from "./contract.ts";
import { refuse } from "./problem.ts";
import { type Database, keys, users } from "./schema.ts";

const Key = z.strictObject({
  id: z.uuid(),
  user: Reviewer,
  name: z.string(),
  scopes: z.array(Scope),
  created: z.iso.datetime(),
  expires: z.iso.datetime().nullable(),
  revoked: z.iso.datetime().nullable(),
  /** To about ten minutes. */
  lastUsed: z.iso.datetime().nullable(),
});

const admin = { ...secured, middleware: scoped("admin") };
const list = createRoute({
  method: "get",
  path: "/v1/keys",
  summary: "The org's keys, newest first; not the keys themselves",
  ...admin,
  responses: { 200: json(z.strictObject({ keys: z.array(Key) }), "Keys"), ...problemsOf(401, 403, 429) },
});
const create = createRoute({
  method: "post",
  path: "/v1/keys",
  summary: "Makes a key for a user",
  ...admin,
  request: {
    body: {
      ...json(
        z.strictObject({
          userId: z.uuid(),
          name: Name,
          scopes: z.array(Scope).min(1).max(Scope.options.length),
          days: z.int().min(1).max(3660).nullable(),
        }),
        "Scopes: at most those of the user's role. `days`: until it expires; null: never",
      ),
      required: true,
    },
  },
  responses: {
    201: json(z.strictObject({ id: z.uuid(), key: z.string() }), "The key, shown this once"),
    ...problemsOf(400, 401, 403, 404, 408, 409, 413, 415, 429),
  },
});
const revoke = createRoute({
  method: "delete",
  path: "/v1/keys/{keyId}",
  summary: "Revokes a key at once and for ever",
  ...admin,
  request: { params: z.object({ keyId: z.uuid() }) },
  responses: { 204: { description: "Revoked, now or before" }, ...problemsOf(400, 401, 403, 404, 429) },
});

export async function listKeys(db: Database, orgId: string): Promise<z.infer<typeof Key>[]> {
  const rows = await db
    .select({ key: keys, user: { id: users.id, name: users.name, role: users.role } })
    .from(keys)
    .innerJoin(users, eq(users.id, keys.userId))
    .where(eq(keys.orgId, orgId))
    .orderBy(desc(keys.created));
  return rows.map(({ key, user }) => ({
    id: key.id,
    user,
    name: key.name,
    scopes: Scope.array().parse(key.scopes.split(" ")),
    created: time(key.created),
    expires: key.expires === null ? null : time(key.expires),
    revoked: key.revoked === null ? null : time(key.revoked),
    lastUsed: key.lastUsed === null ? null : time(key.lastUsed),
  }));
}

/** @returns false when the org has no such key. */
export async function revokeKey(db: Database, { orgId, id, now }: { orgId: string; id: string; now: number }): Promise<boolean> {
  const ofOrg = and(eq(keys.orgId, orgId), eq(keys.id, id));
  const [, found] = await db.batch([
    db
      .update(keys)
      .set({ revoked: now })
      .where(and(ofOrg, isNull(keys.revoked))),
    db.select({ id: keys.id }).from(keys).where(ofOrg),
  ]);
  return found.length === 1;
}

export function addKeys(app: Api, { db, now, log }: Parts): void {
  app.openapi(list, async (context) => context.json({ keys: await listKeys(db, context.var.principal.org.id) }, 200));

  app.openapi(create, async (context) => {
    const { userId, name, scopes, days } = context.req.valid("json");
    const orgId = context.var.principal.org.id;
    const [user] = await db
      .select()
      .from(users)
      .where(and(eq(users.orgId, orgId), eq(users.id, userId)));
    if (!user) return refuse("not-found", "The org has no such user: see GET /v1/users.");
    const allowed = roleScopes[user.role];
    if (!scopes.every((scope) => allowed.includes(scope)))
      return refuse("conflict", `A key of the role ${user.role} may have: ${allowed.join(", ")}.`);
    const expires = days === null ? null : now() + days * 86_400_000;
    const made = await createKey(db, { orgId, userId, name, scopes, expires, now: now() });
    log({ level: "info", event: "security", code: "key-made", keyId: context.var.principal.keyId, madeId: made.id });
    return context.json(made, 201);
  });

  app.openapi(revoke, async (context) => {
    const { keyId: id } = context.req.valid("param");
    const { org, keyId } = context.var.principal;
    if (!(await revokeKey(db, { orgId: org.id, id, now: now() }))) refuse("not-found", "The org has no such key: see GET /v1/keys.");
    log({ level: "info", event: "security", code: "key-revoked", keyId, revokedId: id });
    return context.body(null, 204);
  });
}
