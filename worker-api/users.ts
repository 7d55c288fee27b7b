// Users of the org, for admins: list and make.
import { createRoute, z } from "@hono/zod-openapi";
import { asc, eq } from "drizzle-orm";
import { Reviewer, Role } from "../shared/decisions.ts";
import { createUser } from "./accounts.ts";
import type { Api, Parts } from "./app.ts";
import { scoped } from "./auth.ts";
import { json, Name, problemsOf, secured } from "./contract.ts";
import { refuse } from "./problem.ts";
import { users } from "./schema.ts";

const admin = { ...secured, middleware: scoped("admin") };
const list = createRoute({
  method: "get",
  path: "/v1/users",
  summary: "The org's users, by name",
  ...admin,
  responses: { 200: json(z.strictObject({ users: z.array(Reviewer) }), "Users"), ...problemsOf(401, 403, 429) },
});
const create = createRoute({
  method: "post",
  path: "/v1/users",
  summary: "Makes a user",
  ...admin,
  request: {
    body: {
      ...json(z.strictObject({ name: Name, role: Role }), "A name that the org does not have yet"),
      required: true,
    },
  },
  responses: { 201: json(Reviewer, "The user"), ...problemsOf(400, 401, 403, 408, 409, 413, 415, 429) },
});

export function addUsers(app: Api, { db, now }: Parts): void {
  app.openapi(list, async (context) => {
    const found = await db
      .select({ id: users.id, name: users.name, role: users.role })
      .from(users)
      .where(eq(users.orgId, context.var.principal.org.id))
      .orderBy(asc(users.name));
    return context.json({ users: found }, 200);
  });

  app.openapi(create, async (context) => {
    const { name, role } = context.req.valid("json");
    const { id, fresh } = await createUser(db, { orgId: context.var.principal.org.id, name, role, now: now() });
    if (!fresh) return refuse("conflict", "The org has a user of this name: take another name.");
    return context.json({ id, name, role }, 201);
  });
}
