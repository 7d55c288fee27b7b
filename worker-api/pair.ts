// POST /v1/pair: a one-time code is given for a key.
import { createRoute } from "@hono/zod-openapi";
import { PairRequest, PairResponse } from "../shared/decisions.ts";
import { redeemPairing } from "./accounts.ts";
import type { Api, Parts } from "./app.ts";
import { authenticateByKey } from "./auth.ts";
import { json } from "./contract.ts";
import { meOf } from "./me.ts";
import { refuse } from "./problem.ts";

const route = createRoute({
  method: "post",
  path: "/v1/pair",
  summary: "Gives a one-time pairing code for a key",
  request: { body: { ...json(PairRequest, "The code behind the # of the pairing link"), required: true } },
  responses: { 200: json(PairResponse, "The key, shown this once") },
});

export function addPair(app: Api, { db, now }: Parts): void {
  const authenticate = authenticateByKey(db, now);
  app.openapi(route, async (context) => {
    const { code, client } = context.req.valid("json");
    const key = await redeemPairing(db, { code, client, now: now() });
    const principal = key && (await authenticate(key));
    if (!key || !principal || typeof principal === "string")
      return refuse("pairing-invalid", "This code is wrong, used or expired: ask for a new pairing link.");
    return context.json({ key, me: meOf(principal) }, 200);
  });
}
