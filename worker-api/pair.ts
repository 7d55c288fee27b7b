// Pairing: an admin makes a link with a one-time code; the extension gives the code for a key.
import { createRoute, z } from "@hono/zod-openapi";
import { and, eq } from "drizzle-orm";
import { PairRequest, PairResponse, Scope } from "../shared/decisions.ts";
import { createPairing, redeemPairing, roleScopes } from "./accounts.ts";
import type { Api, Parts } from "./app.ts";
import { authenticateByKey, scoped } from "./auth.ts";
import { json, problemsOf, secured, time } from "./contract.ts";
import { meOf } from "./me.ts";
import { refuse } from "./problem.ts";
import { users } from "./schema.ts";

const redeem = createRoute({
  method: "post",
  path: "/v1/pair",
  summary: "Gives a one-time pairing code for a key",
  request: { body: { ...json(PairRequest, "The code behind the # of the pairing link"), required: true } },
  responses: { 200: json(PairResponse, "The key, shown this once"), ...problemsOf(400, 403, 408, 413, 415, 429) },
});

const create = createRoute({
  method: "post",
  path: "/v1/pairings",
  summary: "Makes a pairing link for a user",
  ...secured,
  middleware: scoped("admin"),
  request: {
    body: {
      ...json(
        z.strictObject({
          userId: z.uuid(),
          minutes: z
            .int()
            .min(1)
            .max(60 * 24 * 7)
            .default(60),
        }),
        "For whom, and how long the link may be used",
      ),
      required: true,
    },
  },
  responses: {
    201: json(z.strictObject({ link: z.url(), scopes: z.array(Scope), expires: z.iso.datetime() }), "The link, shown this once"),
    ...problemsOf(400, 401, 403, 404, 408, 413, 415, 429),
  },
});

/** The code stands behind the #, so that it is in no request and in no log. */
export const pairingLink = (origin: string, code: string) => `${origin}/pair#${code}`;

export function addPair(app: Api, { db, now, log }: Parts): void {
  const authenticate = authenticateByKey(db, now);

  app.openapi(redeem, async (context) => {
    const { code, client } = context.req.valid("json");
    const key = await redeemPairing(db, { code, client, now: now() });
    const principal = key && (await authenticate(key));
    if (!key || !principal || typeof principal === "string") {
      log({ level: "warn", event: "security", code: "pairing-invalid", requestId: context.var.requestId });
      return refuse("pairing-invalid", "This code is wrong, used or expired: ask for a new pairing link.");
    }
    return context.json({ key, me: meOf(principal) }, 200);
  });

  app.openapi(create, async (context) => {
    const { userId, minutes } = context.req.valid("json");
    const orgId = context.var.principal.org.id;
    const [user] = await db
      .select()
      .from(users)
      .where(and(eq(users.orgId, orgId), eq(users.id, userId)));
    if (!user) return refuse("not-found", "The org has no such user: see GET /v1/users.");
    const expires = now() + minutes * 60_000;
    const scopes = roleScopes[user.role];
    const code = await createPairing(db, { orgId, userId, scopes, expires });
    const link = pairingLink(new URL(context.req.url).origin, code);
    return context.json({ link, scopes: [...scopes], expires: time(expires) }, 201);
  });
}
