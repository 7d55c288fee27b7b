// The tables: orgs, users, keys, pairings, the append-only history of events, models, selector packs, and what waits for leads. Migrations are generated from this file.
import type { Client } from "@libsql/client";
import { sql } from "drizzle-orm";
import type { LibSQLDatabase } from "drizzle-orm/libsql/driver-core";
import { foreignKey, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Role } from "../shared/decisions.ts";

/** `epoch` names this history (a restore makes a new one); `secret` signs cursors. */
export const meta = sqliteTable("meta", { key: text().primaryKey(), value: text().notNull() });

export const orgs = sqliteTable("orgs", { id: text().primaryKey(), name: text().notNull(), created: integer().notNull() });

export const users = sqliteTable(
  "users",
  {
    id: text().primaryKey(),
    orgId: text("org_id")
      .notNull()
      .references(() => orgs.id),
    name: text().notNull(),
    role: text().$type<Role>().notNull(),
    created: integer().notNull(),
  },
  (table) => [uniqueIndex("users_name").on(table.orgId, table.name)],
);

/** An API key; of the key itself only the SHA-256 is kept. Times are milliseconds since 1970. */
export const keys = sqliteTable(
  "keys",
  {
    id: text().primaryKey(),
    orgId: text("org_id")
      .notNull()
      .references(() => orgs.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    hash: text().notNull().unique(),
    /** What it is for, in the words of who made it. */
    name: text().notNull(),
    /** Scopes, separated by spaces. */
    scopes: text().notNull(),
    created: integer().notNull(),
    expires: integer(),
    revoked: integer(),
    lastUsed: integer("last_used"),
  },
  (table) => [index("keys_org").on(table.orgId)],
);

/** A one-time code that is given for a key; `usedBy` is that key. */
export const pairings = sqliteTable("pairings", {
  hash: text().primaryKey(),
  orgId: text("org_id")
    .notNull()
    .references(() => orgs.id),
  userId: text("user_id")
    .notNull()
    .references(() => users.id),
  scopes: text().notNull(),
  expires: integer().notNull(),
  usedBy: text("used_by"),
});

/**
 * The history. `view` is the decision as JSON without its blocks' texts, `texts` the JSON array of them: a pull reads `view` alone.
 * `verdict` to `final` repeat what labels and metrics group by, so that they parse no JSON; they stand before the long columns, since
 * SQLite reads a row from its start.
 */
export const events = sqliteTable(
  "events",
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    orgId: text("org_id")
      .notNull()
      .references(() => orgs.id),
    kind: text({ enum: ["decision", "erased"] }).notNull(),
    /** Made by the client; null for what the server itself notes. */
    id: text().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    /** The role in which it was decided; a later promotion makes no rulings of the past. */
    role: text().$type<Role>().notNull(),
    ticketId: text("ticket_id").notNull(),
    serverTime: integer("server_time").notNull(),
    payloadHash: text("payload_hash"),
    verdict: text(),
    supersedes: text(),
    modelVersion: text("model_version"),
    /** `threatType_severity`; null when the model was not sure or said nothing. */
    suggested: text(),
    /** `threatType_severity`; null when nobody says what is right. */
    final: text(),
    view: text(),
    texts: text(),
  },
  (table) => [
    index("events_org").on(table.orgId, table.seq, table.userId, table.role),
    index("events_ticket").on(table.orgId, table.ticketId, table.userId, table.seq),
    index("events_erased").on(table.orgId, table.ticketId).where(sql`kind = 'erased'`),
    index("events_undone").on(table.supersedes).where(sql`verdict = 'undo'`),
  ],
);

/** Signed releases of models, never changed. The newest has the highest `counter` of the org. */
export const releases = sqliteTable(
  "releases",
  {
    orgId: text("org_id")
      .notNull()
      .references(() => orgs.id),
    counter: integer().notNull(),
    modelId: text("model_id").notNull(),
    version: text().notNull(),
    /** The signed envelope as it came. */
    envelope: text().notNull(),
    /** The envelope's payload, JSON: what the trainer signed. */
    manifest: text().notNull(),
    expires: integer().notNull(),
    published: integer().notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.counter] }), index("releases_version").on(table.orgId, table.version)],
);

/** Which release a channel names, and to what share of the installations. */
export const channels = sqliteTable(
  "channels",
  {
    orgId: text("org_id").notNull(),
    name: text({ enum: ["stable", "canary"] }).notNull(),
    counter: integer().notNull(),
    percent: integer().notNull(),
    changed: integer().notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.name] }),
    foreignKey({ columns: [table.orgId, table.counter], foreignColumns: [releases.orgId, releases.counter] }),
  ],
);

/** Signed selector packs, never changed. Installations get the one with the org's highest `counter`. */
export const selectorPacks = sqliteTable(
  "selector_packs",
  {
    orgId: text("org_id")
      .notNull()
      .references(() => orgs.id),
    counter: integer().notNull(),
    /** The signed envelope as it came. */
    envelope: text().notNull(),
    published: integer().notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.counter] })],
);

/** What the trainer does not learn from yet: the newest list of each org, with the tickets' ids, as JSON. */
export const waiting = sqliteTable("waiting", {
  orgId: text("org_id")
    .primaryKey()
    .references(() => orgs.id),
  tickets: text().notNull(),
  more: integer().notNull(),
  at: integer().notNull(),
});

export const schema = { meta, orgs, users, keys, pairings, events, releases, channels, selectorPacks, waiting };
export type Database = LibSQLDatabase<typeof schema> & { $client: Client };
