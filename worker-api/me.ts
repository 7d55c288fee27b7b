// GET /v1/me: whose key this is and what it may do.
import { createRoute } from "@hono/zod-openapi";
import { Me } from "../shared/decisions.ts";
import type { Api } from "./app.ts";
import type { Principal } from "./auth.ts";
import { json, problemsOf, secured, time } from "./contract.ts";

const route = createRoute({
  method: "get",
  path: "/v1/me",
  summary: "Whose key this is and what it may do",
  ...secured,
  responses: { 200: json(Me, "The key's owner"), ...problemsOf(401, 429) },
});

export function meOf({ user, org, scopes, expires }: Principal): Me {
  return { user, org, scopes: [...scopes], keyExpires: expires === null ? null : time(expires) };
}

export function addMe(app: Api): void {
  app.openapi(route, (context) => context.json(meOf(context.var.principal), 200));
}
