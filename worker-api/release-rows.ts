// The statements that store a release and move a channel: each is one, so that of two publishers at once one is told no.
import { and, eq, sql } from "drizzle-orm";
import type { ReleaseChannel } from "../shared/contract.ts";
import { type ReleaseManifest, releaseLimits } from "../shared/release.ts";
import { canonicalJson } from "../shared/signed-envelope.ts";
import { type Database, releases } from "./schema.ts";

export interface NewRelease {
  orgId: string;
  userId: string;
  envelope: string;
  manifest: ReleaseManifest;
  now: number;
}

/**
 * A step beyond the limit would be refused by every installation, and a version means the same files for ever. @returns false when the counter or the files are not fit.
 */
export async function insertRelease(db: Database, { orgId, userId, envelope, manifest, now }: NewRelease): Promise<boolean> {
  const { counter, version, modelId, expires } = manifest;
  const inserted = await db.all(sql`
    INSERT INTO releases (org_id, counter, model_id, version, envelope, manifest, expires, published, user_id)
    SELECT ${orgId}, ${counter}, ${modelId}, ${version}, ${envelope}, ${canonicalJson(manifest)}, ${Date.parse(expires)}, ${now}, ${userId}
    WHERE ${counter} > (SELECT coalesce(max(counter), 0) FROM releases WHERE org_id = ${orgId})
      AND ${counter} <= (SELECT coalesce(max(counter), ${counter}) FROM releases WHERE org_id = ${orgId}) + ${releaseLimits.counterStep}
      AND NOT EXISTS (${otherModels(orgId, manifest)})
    RETURNING counter`);
  return inserted.length > 0;
}

/** True when the org's releases of this version name other files. */
export async function isOtherModel(db: Database, orgId: string, manifest: ReleaseManifest): Promise<boolean> {
  return (await db.all(otherModels(orgId, manifest))).length > 0;
}

const otherModels = (orgId: string, { version, files }: ReleaseManifest) => sql`
  SELECT 1 FROM releases
  WHERE org_id = ${orgId} AND version = ${version} AND json_extract(manifest, '$.files') <> ${canonicalJson(files)} LIMIT 1`;

/** True when the org has this very release: sent again after an answer that was lost. */
export async function isStored(db: Database, orgId: string, counter: number, envelope: string): Promise<boolean> {
  const [row] = await db
    .select({ envelope: releases.envelope })
    .from(releases)
    .where(and(eq(releases.orgId, orgId), eq(releases.counter, counter)));
  return row?.envelope === envelope;
}

export async function hasRelease(db: Database, orgId: string, counter: number): Promise<boolean> {
  const found = await db
    .select({ counter: releases.counter })
    .from(releases)
    .where(and(eq(releases.orgId, orgId), eq(releases.counter, counter)));
  return found.length > 0;
}

export interface Pointing {
  orgId: string;
  userId: string;
  channel: ReleaseChannel;
  counter: number;
  percent: number;
  now: number;
}

/** @returns false when the channel names a higher counter, the release has expired, or a later one revoked it. */
export async function pointChannel(db: Database, { orgId, userId, channel, counter, percent, now }: Pointing): Promise<boolean> {
  const set = await db.all(sql`
    INSERT INTO channels (org_id, name, counter, percent, changed, user_id)
    SELECT ${orgId}, ${channel}, ${counter}, ${percent}, ${now}, ${userId}
    WHERE EXISTS (SELECT 1 FROM releases WHERE org_id = ${orgId} AND counter = ${counter} AND expires > ${now}) AND NOT EXISTS (
      SELECT 1 FROM releases, json_each(releases.manifest, '$.revoked') AS gone WHERE releases.org_id = ${orgId} AND gone.value = ${counter})
    ON CONFLICT (org_id, name) DO UPDATE SET counter = excluded.counter, percent = excluded.percent, changed = excluded.changed, user_id = excluded.user_id
    WHERE excluded.counter >= channels.counter
    RETURNING counter`);
  return set.length > 0;
}

/** True when a release of the org names the file. */
export async function isReleased(db: Database, orgId: string, sha256: string): Promise<boolean> {
  const found = await db.all(sql`
    SELECT 1 FROM releases, json_each(releases.manifest, '$.files') AS file
    WHERE releases.org_id = ${orgId} AND json_extract(file.value, '$.sha256') = ${sha256} LIMIT 1`);
  return found.length > 0;
}
