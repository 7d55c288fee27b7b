// Who asks: an API key in the bearer header becomes a principal, and each route says which scopes may use it.
import { eq, sql } from "drizzle-orm";
import { createMiddleware } from "hono/factory";
import { type Reviewer, type Role, Scope } from "../shared/decisions.ts";
import { textSha256 } from "../shared/hex.ts";
import { type Digest, looksLikeKey } from "./credentials.ts";
import { refuse } from "./problem.ts";
import { type Database, keys, orgs, users } from "./schema.ts";

export interface Principal {
  keyId: string;
  user: Reviewer;
  org: { id: string; name: string };
  scopes: readonly Scope[];
  /** Milliseconds since 1970; null: never. */
  expires: number | null;
}

/** Turns the bearer token into a principal, or says why not; what else can prove who asks (OIDC) is another such function. */
export type Authenticate = (token: string) => Promise<Principal | "invalid" | "expired" | "revoked">;

/** `lastUsed` is for people who tidy up keys: this exact is enough, and a write a request would not be. */
const LAST_USED_STEP = 10 * 60_000;

export function authenticateByKey(db: Database, now: () => number, digest: Digest = textSha256): Authenticate {
  const noting = new Set<string>();
  /** Not waited for: a disk that is full, locked or read-only must not keep people from reading. */
  function noteUse(id: string): void {
    if (noting.has(id)) return;
    noting.add(id);
    const written = db.update(keys).set({ lastUsed: now() }).where(eq(keys.id, id)).execute();
    written.catch(() => undefined).finally(() => noting.delete(id));
  }
  const ownerOf = db
    .select({ key: keys, user: users, org: { id: orgs.id, name: orgs.name } })
    .from(keys)
    .innerJoin(users, eq(users.id, keys.userId))
    .innerJoin(orgs, eq(orgs.id, keys.orgId))
    .where(eq(keys.hash, sql.placeholder("hash")))
    .prepare();
  return async (token) => {
    if (!(await looksLikeKey(token, digest))) return "invalid";
    const row = await ownerOf.get({ hash: await digest(token) });
    if (!row) return "invalid";
    const { key, user, org } = row;
    if (key.revoked !== null) return "revoked";
    if (key.expires !== null && key.expires <= now()) return "expired";
    if (now() - (key.lastUsed ?? 0) > LAST_USED_STEP) noteUse(key.id);
    const scopes = Scope.array().parse(key.scopes.split(" ").filter(Boolean));
    return {
      keyId: key.id,
      org,
      scopes,
      expires: key.expires,
      user: { id: user.id, name: user.name, role: actingRole(user.role, scopes) },
    };
  };
}

/** Who may rule uses a key that may: a lead's key for reviews alone makes no rulings, so that a stolen one cannot. */
function actingRole(role: Role, scopes: readonly Scope[]): Role {
  return (role === "lead" || role === "admin") && !scopes.includes("lead") ? "analyst" : role;
}

export interface Env {
  Variables: { requestId: string; principal: Principal; route: string };
}

/** Proves who asks, for everything below it. */
export const authenticated = (authenticate: Authenticate) =>
  createMiddleware<Env>(async (context, next) => {
    const token = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(context.req.header("authorization") ?? "")?.[1];
    if (!token) return refuse("key-missing", "Send the header `Authorization: Bearer stag_...`.", { "www-authenticate": "Bearer" });
    const found = await authenticate(token);
    if (typeof found === "string")
      return refuse("key-invalid", `This key is ${found}. Pair again, or ask an admin for a new key.`, {
        "www-authenticate": 'Bearer error="invalid_token"',
      });
    context.set("principal", found);
    await next();
  });

/** Lets a request pass whose key has one of these scopes. */
export const scoped = (...scopes: Scope[]) =>
  createMiddleware<Env>(async (context, next) => {
    if (!context.var.principal.scopes.some((scope) => scopes.includes(scope)))
      refuse("scope-missing", `This needs a key with the scope ${scopes.map((scope) => `\`${scope}\``).join(" or ")}.`);
    await next();
  });

/** Leads see all of their org, others their own and what leads decided. */
export const seesAll = ({ scopes }: Principal) => scopes.includes("lead");
