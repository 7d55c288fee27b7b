// Models of the org, for reading: what a channel names, the files, and what was published when. Nothing that nobody signed is given out.
import { createRoute, z } from "@hono/zod-openapi";
import { and, desc, eq } from "drizzle-orm";
import { ModelVersion, ReleaseChannel, Sha256 } from "../shared/contract.ts";
import { ChannelAnswer, ReleaseEnvelope, ReleaseManifest } from "../shared/release.ts";
import type { Api, Parts } from "./app.ts";
import { byteRange } from "./byte-range.ts";
import { json, problemsOf, time } from "./contract.ts";
import { type ModelFiles, refuseForStore } from "./model-files.ts";
import { refuse } from "./problem.ts";
import { isReleased } from "./release-rows.ts";
import { reader, revalidated, unchanged } from "./revalidated.ts";
import { channels, releases } from "./schema.ts";

/** Bytes of a card that are shown; the file has all. */
const CARD = 100_000;
const MOST_RELEASES = 500;

const Listed = z.strictObject({
  modelId: z.string(),
  version: ModelVersion,
  counter: z.int(),
  created: z.iso.datetime(),
  expires: z.iso.datetime(),
  published: z.iso.datetime(),
  /** By a later release. */
  revoked: z.boolean(),
});
const Channels = z.array(z.strictObject({ channel: ReleaseChannel, version: ModelVersion, counter: z.int(), percent: z.int() }));

const list = createRoute({
  method: "get",
  path: "/v1/models",
  summary: "The org's releases, newest first, and what each channel names",
  ...reader,
  responses: {
    200: json(z.strictObject({ releases: z.array(Listed), channels: Channels }), "Releases"),
    ...unchanged,
    ...problemsOf(401, 403, 429),
  },
});
const one = createRoute({
  method: "get",
  path: "/v1/models/{version}",
  summary: "The newest release of a version: manifest with the gate's verdict, envelope, card",
  ...reader,
  request: { params: z.object({ version: ModelVersion }) },
  responses: {
    200: json(
      z.strictObject({
        manifest: ReleaseManifest,
        envelope: ReleaseEnvelope,
        published: z.iso.datetime(),
        /** README.md of the model; null when the release has none. */
        card: z.string().nullable(),
      }),
      "The release",
    ),
    ...unchanged,
    ...problemsOf(400, 401, 403, 404, 429),
  },
});
const channel = createRoute({
  method: "get",
  path: "/v1/models/channels/{channel}",
  summary: "The release that a channel names; ask again with `If-None-Match`",
  ...reader,
  request: { params: z.object({ channel: ReleaseChannel }) },
  responses: { 200: json(ChannelAnswer, "The release"), ...unchanged, ...problemsOf(400, 401, 403, 404, 429) },
});
const binary = { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } };
const file = createRoute({
  method: "get",
  path: "/v1/models/files/{sha256}",
  summary: "A file of a release, by its hash; it never changes. Takes one `Range` of bytes",
  ...reader,
  request: { params: z.object({ sha256: Sha256 }) },
  responses: {
    200: { description: "The file", content: binary },
    206: { description: "The range", content: binary },
    ...unchanged,
    ...problemsOf(400, 401, 403, 404, 416, 429),
  },
});

export function addModels(app: Api, { db, metrics, models }: Parts): void {
  app.openapi(list, async (context) => {
    const orgId = context.var.principal.org.id;
    const [rows, named] = await db.batch([
      db.select(columns).from(releases).where(eq(releases.orgId, orgId)).orderBy(desc(releases.counter)).limit(MOST_RELEASES),
      db
        .select({ channel: channels.name, version: releases.version, counter: channels.counter, percent: channels.percent })
        .from(channels)
        .innerJoin(releases, releaseOfChannel)
        .where(eq(channels.orgId, orgId)),
    ]);
    const read = rows.map((row) => ({ ...row, manifest: ReleaseManifest.parse(JSON.parse(row.manifest)) }));
    const revoked = new Set(read.flatMap(({ manifest }) => manifest.revoked));
    const listed = read.map(({ published, manifest: { modelId, version, counter, created, expires } }) => ({
      ...{ modelId, version, counter, created, expires },
      published: time(published),
      revoked: revoked.has(counter),
    }));
    revalidated(context);
    return context.json({ releases: listed, channels: named }, 200);
  });

  app.openapi(one, async (context) => {
    const orgId = context.var.principal.org.id;
    const { version } = context.req.valid("param");
    const [row] = await db
      .select(columns)
      .from(releases)
      .where(and(eq(releases.orgId, orgId), eq(releases.version, version)))
      .orderBy(desc(releases.counter))
      .limit(1);
    if (!row) return refuse("not-found", "The org has no such version: see GET /v1/models.");
    const manifest = ReleaseManifest.parse(JSON.parse(row.manifest));
    const readme = manifest.files.find(({ role }) => role === "card");
    const card = readme && models ? await cardOf(models.files, `${orgId}/${readme.sha256}`, readme.size).catch(refuseForStore) : null;
    const envelope = ReleaseEnvelope.parse(JSON.parse(row.envelope));
    revalidated(context);
    return context.json({ manifest, envelope, published: time(row.published), card }, 200);
  });

  app.openapi(channel, async (context) => {
    const { channel: name } = context.req.valid("param");
    const [row] = await db
      .select({ version: releases.version, counter: releases.counter, envelope: releases.envelope, percent: channels.percent })
      .from(channels)
      .innerJoin(releases, releaseOfChannel)
      .where(and(eq(channels.orgId, context.var.principal.org.id), eq(channels.name, name)));
    if (!row) return refuse("not-found", `Nothing is published in the channel ${name}: the packaged model is in use.`);
    const { version, counter, percent } = row;
    metrics.polled({ channel: name, version });
    const envelope = ReleaseEnvelope.parse(JSON.parse(row.envelope));
    revalidated(context);
    return context.json({ version, counter, envelope, rollout: { percent } }, 200);
  });

  app.openapi(file, async (context) => {
    const { org, scopes } = context.var.principal;
    const { sha256 } = context.req.valid("param");
    const name = `${org.id}/${sha256}`;
    // Who publishes asks what need not be sent again; for others, a file that no release names is not there.
    const given = models && (scopes.includes("publish") || (await isReleased(db, org.id, sha256)));
    const size = given ? await models.files.size(name).catch(refuseForStore) : null;
    if (!models || size === null) return refuse("not-found", "No release of the org has this file.");
    const range = byteRange(context.req.header("range"), size);
    if (range === "none") return refuse("range-wrong", `The file has ${size} bytes.`, { "content-range": `bytes */${size}` });
    const { start, length } = range ?? { start: 0, length: size };
    context.header("cache-control", "private, max-age=31536000, immutable");
    const headers = {
      "content-type": "application/octet-stream",
      "content-length": String(length),
      "accept-ranges": "bytes",
      etag: `"${sha256}"`,
      ...(range ? { "content-range": `bytes ${start}-${start + length - 1}/${size}` } : {}),
    };
    const body = context.req.method === "HEAD" ? null : await models.files.read(name, { start, length }).catch(refuseForStore);
    return new Response(body, { status: range ? 206 : 200, headers });
  });
}

const { envelope, manifest, published } = releases;
const columns = { envelope, manifest, published };
const releaseOfChannel = and(eq(releases.orgId, channels.orgId), eq(releases.counter, channels.counter));

async function cardOf(files: ModelFiles, name: string, size: number): Promise<string> {
  const bytes = await new Response(await files.read(name, { start: 0, length: Math.min(CARD, size) })).arrayBuffer();
  // As a stream that goes on: half of a letter at the cut is left out.
  return new TextDecoder().decode(bytes, { stream: true });
}
