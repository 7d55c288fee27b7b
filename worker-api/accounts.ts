// Makes orgs, users, keys and pairing codes; used by the routes, the command line and the tests.
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { Role, Scope } from "../shared/decisions.ts";
import { textSha256 } from "../shared/hex.ts";
import { newKey, newSecret } from "./credentials.ts";
import { type Database, keys, orgs, pairings, users } from "./schema.ts";

/** What a role may at most; a key may have less. */
export const roleScopes: Record<Role, readonly Scope[]> = {
  analyst: ["review"],
  lead: ["review", "lead"],
  admin: ["review", "lead", "export", "publish", "admin"],
  service: ["export", "publish"],
};

export interface Owner {
  orgId: string;
  userId: string;
}

/** @returns the id of the new org. */
export async function createOrg(db: Database, { name, now }: { name: string; now: number }): Promise<string> {
  const id = crypto.randomUUID();
  await db.insert(orgs).values({ id, name, created: now });
  return id;
}

/** @returns the org's user of this name, made when there is none (`fresh`); a present one keeps the role that it has. */
export async function createUser(
  db: Database,
  { orgId, name, role, now }: { orgId: string; name: string; role: Role; now: number },
): Promise<{ id: string; role: Role; fresh: boolean }> {
  const id = crypto.randomUUID();
  const [, [user]] = await db.batch([
    db.insert(users).values({ id, orgId, name, role, created: now }).onConflictDoNothing(),
    db
      .select()
      .from(users)
      .where(and(eq(users.orgId, orgId), eq(users.name, name))),
  ]);
  if (!user) throw new Error("A user that was just made is not there");
  return { id: user.id, role: user.role, fresh: user.id === id };
}

export interface NewKey extends Owner {
  name: string;
  scopes: readonly Scope[];
  expires: number | null;
  now: number;
}

/** @returns the key, which is kept nowhere else, and its id. */
export async function createKey(db: Database, { orgId, userId, name, scopes, expires, now }: NewKey): Promise<{ id: string; key: string }> {
  const key = await newKey();
  const id = crypto.randomUUID();
  await db.insert(keys).values({ id, orgId, userId, name, scopes: scopes.join(" "), expires, created: now, hash: await textSha256(key) });
  return { id, key };
}

/** @returns a code that is given for a key once, until `expires`. */
export async function createPairing(
  db: Database,
  { orgId, userId, scopes, expires }: Owner & { scopes: readonly Scope[]; expires: number },
): Promise<string> {
  const code = newSecret();
  await db.insert(pairings).values({ hash: await textSha256(code), orgId, userId, scopes: scopes.join(" "), expires });
  return code;
}

/** Gives a code for a key, in one transaction. @returns null when the code is wrong, used or expired. */
export async function redeemPairing(
  db: Database,
  { code, client, now }: { code: string; client: string; now: number },
): Promise<string | null> {
  const key = await newKey();
  const keyHash = await textSha256(key);
  const id = crypto.randomUUID();
  const hash = await textSha256(code);
  const [used] = await db.batch([
    db
      .update(pairings)
      .set({ usedBy: id })
      .where(and(eq(pairings.hash, hash), isNull(pairings.usedBy), gt(pairings.expires, now)))
      .returning(),
    db.insert(keys).select(
      db
        .select({
          id: sql<string>`${id}`.as("id"),
          orgId: pairings.orgId,
          userId: pairings.userId,
          hash: sql<string>`${keyHash}`.as("hash"),
          name: sql<string>`${client}`.as("name"),
          scopes: pairings.scopes,
          created: sql<number>`${now}`.as("created"),
          expires: sql<null>`NULL`.as("expires"),
          revoked: sql<null>`NULL`.as("revoked"),
          lastUsed: sql<null>`NULL`.as("last_used"),
        })
        .from(pairings)
        .where(eq(pairings.usedBy, id)),
    ),
  ]);
  return used.length === 1 ? key : null;
}
