// GET /v1/me: whose key this is and what it may do.
import { createRoute } from "@hono/zod-openapi";
import { Me } from "../shared/decisions.ts";
import type { Api } from "./app.ts";
import type { Principal } from "./auth.ts";
import { json } from "./contract.ts";

const route = createRoute({
  method: "get",
  path: "/v1/me",
  summary: "Whose key this is and what it may do",
  security: [{ key: [] }],
  responses: { 200: json(Me, "The key's owner") },
});

export function meOf({ user, org, scopes, expires }: Principal): Me {
  return { user, org, scopes: [...scopes], keyExpires: expires === null ? null : new Date(expires).toISOString() };
}

export function addMe(app: Api): void {
  app.openapi(route, (context) => context.json(meOf(context.var.principal), 200));
}
