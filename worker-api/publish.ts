// Publishing models: files by their hash, then the signed release, then the channel that names it. Only what a trusted key signed gets in.
import { createRoute, z } from "@hono/zod-openapi";
import { ReleaseChannel, Sha256 } from "../shared/contract.ts";
import { ReleaseEnvelope, releaseKind, releaseLimits } from "../shared/release.ts";
import { canonicalJson, openEnvelope } from "../shared/signed-envelope.ts";
import type { Api, Parts } from "./app.ts";
import { scoped } from "./auth.ts";
import { json, problemsOf, secured } from "./contract.ts";
import { atMost } from "./limit.ts";
import { checked, type Hash, type ModelFiles, refuseForStore } from "./model-files.ts";
import { refuse } from "./problem.ts";
import { hasRelease, insertRelease, isOtherModel, isStored, pointChannel } from "./release-rows.ts";

/** What the platform gives for models, and whose releases are believed. */
export interface Models {
  files: ModelFiles;
  newHash: () => Hash;
  /** Raw Ed25519 public keys, 64 hexadecimal digits each; none: nothing can be published. */
  keys: readonly string[];
}

/** Uploads in work at once. */
const UPLOADS = 4;
const PAUSE_MS = 30_000;

const publisher = scoped("publish");
const upload = createRoute({
  method: "put",
  path: "/v1/models/files/{sha256}",
  summary: "Stores a file under its SHA-256; again is harmless",
  ...secured,
  middleware: [publisher, atMost(UPLOADS)],
  request: {
    params: z.object({ sha256: Sha256 }),
    body: {
      description: "The bytes, with `Content-Length`",
      content: { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } },
      required: true,
    },
  },
  responses: { 204: { description: "Stored, now or before" }, ...problemsOf(400, 401, 403, 408, 411, 413, 415, 422, 429, 507) },
});
const release = createRoute({
  method: "post",
  path: "/v1/models/releases",
  summary: "Takes a signed release, when all its files are there and its counter is above all before",
  ...secured,
  middleware: publisher,
  request: { body: { ...json(ReleaseEnvelope, "DSSE, signed by a key that this server trusts"), required: true } },
  responses: {
    200: json(z.strictObject({ version: z.string(), counter: z.int() }), "The very same release was there"),
    201: json(z.strictObject({ version: z.string(), counter: z.int() }), "Published; no channel names it yet"),
    ...problemsOf(400, 401, 403, 408, 409, 413, 415, 422, 429, 507),
  },
});
const point = createRoute({
  method: "put",
  path: "/v1/models/channels/{channel}",
  summary: "Lets a channel name a release, for a share of the installations",
  ...secured,
  middleware: publisher,
  request: {
    params: z.object({ channel: ReleaseChannel }),
    body: {
      ...json(z.strictObject({ counter: z.int().positive(), percent: z.int().min(0).max(100) }), "Which, and to how many"),
      required: true,
    },
  },
  responses: { 204: { description: "Done" }, ...problemsOf(400, 401, 403, 404, 408, 409, 413, 415, 429, 507) },
});

export function addPublish(app: Api, { db, now, log, models }: Parts): void {
  /** @returns what publishing needs, or says who must set it up. */
  function demandModels(): Models {
    if (!models) return refuse("publishing-off", "There is no place for files: the operator sets SECTAG_MODEL_FILES (see docs/api.md).");
    if (models.keys.length > 0) return models;
    return refuse("publishing-off", "Nothing is taken that nobody signed: the operator sets SECTAG_RELEASE_KEYS (see docs/operate.md).");
  }

  app.openapi(upload, async (context) => {
    const { files, newHash } = demandModels();
    const { sha256 } = context.req.valid("param");
    const length = context.req.header("content-length") ?? "";
    if (context.req.header("content-encoding")) return refuse("unsupported-type", "Send the file's own bytes, not packed.");
    if (!/^\d{1,15}$/.test(length)) return refuse("length-missing", "Send `Content-Length`.");
    const size = Number(length);
    if (size > releaseLimits.file) return refuse("too-large", `A file has at most ${releaseLimits.file} bytes.`, { connection: "close" });
    const body = context.req.raw.body ?? new Blob([]).stream();
    const { bytes, faultOf } = checked(body, { sha256, size, hash: newHash(), pauseMs: PAUSE_MS });
    try {
      await files.write(`${context.var.principal.org.id}/${sha256}`, bytes, size);
    } catch (error) {
      const fault = faultOf();
      if (fault) return refuse(fault.code, fault.detail, { connection: "close" });
      return refuseForStore(error);
    }
    return context.body(null, 204);
  });

  app.openapi(release, async (context) => {
    const { files, keys } = demandModels();
    const { org, user, keyId } = context.var.principal;
    const envelope = canonicalJson(context.req.valid("json"));
    const verified = await openEnvelope(new TextEncoder().encode(envelope), keys, releaseKind);
    if (!verified.ok) {
      log({ level: "warn", event: "security", code: `release-${verified.code}`, keyId });
      return refuse("release-refused", `${verified.message}.`);
    }
    const { payload: manifest } = verified;
    const { version, counter } = manifest;
    if (Date.parse(manifest.expires) <= now()) return refuse("release-refused", "The release has expired: sign it anew.");
    const sizeOf = (sha256: string) => files.size(`${org.id}/${sha256}`).catch(refuseForStore);
    for (const { path, sha256, size } of manifest.files)
      if ((await sizeOf(sha256)) !== size)
        return refuse("release-refused", `${path} is not there: send it to PUT /v1/models/files/${sha256} first.`);
    const { checkpoint } = manifest.data;
    if (checkpoint && (await sizeOf(checkpoint)) === null) return refuse("release-refused", `The checkpoint ${checkpoint} is not there.`);
    const fresh = await insertRelease(db, { orgId: org.id, userId: user.id, envelope, manifest, now: now() });
    if (!fresh && !(await isStored(db, org.id, counter, envelope))) {
      if (await isOtherModel(db, org.id, manifest))
        return refuse("release-refused", `Version ${version} has other files: give this model another version.`);
      return refuse(
        "conflict",
        `The counter ${counter} must be above all before, by at most ${releaseLimits.counterStep}: see GET /v1/models.`,
      );
    }
    if (fresh) log({ level: "info", event: "security", code: "release-published", keyId, counter, version });
    return context.json({ version, counter }, fresh ? 201 : 200);
  });

  app.openapi(point, async (context) => {
    demandModels();
    const { channel } = context.req.valid("param");
    const { counter, percent } = context.req.valid("json");
    const { org, user, keyId } = context.var.principal;
    if (!(await hasRelease(db, org.id, counter))) return refuse("not-found", `The org has no release ${counter}: see GET /v1/models.`);
    if (!(await pointChannel(db, { orgId: org.id, userId: user.id, channel, counter, percent, now: now() })))
      return refuse(
        "conflict",
        "The release is revoked, has expired, or is below the one that the channel names: installations would not take it. To go back, publish a new release that names the old files.",
      );
    log({ level: "info", event: "security", code: "channel-set", keyId, channel, counter, percent });
    return context.body(null, 204);
  });
}
