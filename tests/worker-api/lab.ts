// A small org on a real libSQL in memory behind the real app, for the tests of the API.

import type { Role, Scope } from "../../shared/decisions.ts";
import { createKey, createOrg, createUser, roleScopes } from "../../worker-api/accounts.ts";
import { type AppOptions, createApp } from "../../worker-api/app.ts";
import { openDatabase } from "../../worker-api/database.ts";
import type { Database } from "../../worker-api/schema.ts";

export const start = Date.UTC(2026, 10, 25, 12);

/** @returns a key of a new user of this role. */
export async function keyFor(db: Database, orgId: string, role: Role, scopes: readonly Scope[] = roleScopes[role], name: string = role) {
  const { id: userId } = await createUser(db, { orgId, name, role, now: start });
  const { id, key } = await createKey(db, { orgId, userId, name: "test", scopes, expires: null, now: start });
  return { userId, id, key };
}

export interface Call {
  key?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export async function openLab(options: Partial<AppOptions> = {}) {
  const db = options.db ?? (await openDatabase({ url: ":memory:" }));
  const orgId = await createOrg(db, { name: "Blue team", now: start });
  const app = createApp({ db, now: () => start, ...options });
  const call = (path: string, { key, method, body, headers }: Call = {}) =>
    app.request(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  return {
    db,
    orgId,
    app,
    call,
    analyst: await keyFor(db, orgId, "analyst"),
    lead: await keyFor(db, orgId, "lead"),
    admin: await keyFor(db, orgId, "admin"),
  };
}
