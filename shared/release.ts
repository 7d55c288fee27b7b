// The contract of a release: what a signed manifest says, how a channel answers, who takes it and whose decisions are in it.
import { z } from "zod";
import { ModelFilePath, ModelFileRole, ModelVersion, Sha256 } from "./contract.ts";
import { textSha256, toHex } from "./hex.ts";
import { envelopeOf, type SignedKind } from "./signed-envelope.ts";

export const releasePayloadType = "application/vnd.sectag.release+json";

/** Most bytes that are read before anything is believed; the trainer, the API and the extension keep to the same. */
export const releaseLimits = {
  /** Bytes of an envelope as JSON. */
  envelope: 400_000,
  /** Bytes of a channel's answer: an envelope and a few words beside it. */
  channel: 410_000,
  /** Bytes of one file. */
  file: 200_000_000,
  /** Bytes of all files of a release. */
  files: 400_000_000,
  /** A counter may be this much above the highest one seen, so that one signature cannot end all later updates. */
  counterStep: 1000,
} as const;

const text = (most: number) => z.string().min(1).max(most);
const Counter = z.int().positive();
/** A payload holds no fractions: two languages write them in two ways. Figures are decimal text. */
const Decimal = z.string().regex(/^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/);

/** What a weights file computes with, counted by the trainer from the file itself. */
export const ReleaseGraph = z.strictObject({
  opset: z.int().positive(),
  /** Nodes by operator; operators outside the standard carry their domain, as in `com.microsoft.MatMulNBits`. */
  ops: z.record(z.string().regex(/^[A-Za-z0-9_.]{1,80}$/), z.int().positive()),
  inputs: z.array(text(80)).max(10),
  outputs: z.array(text(80)).max(10),
});

export const ReleaseFile = z.strictObject({
  path: ModelFilePath,
  size: z.int().positive().max(releaseLimits.file),
  sha256: Sha256,
  /** `decisions`: see `countOwn`. */
  role: z.enum([...ModelFileRole.options, "decisions"]),
});

/** The signed payload. One release is one counter; an operator's rollback is a new counter that names old files. */
export const ReleaseManifest = z
  .strictObject({
    spec: z.literal(1),
    modelId: text(100),
    version: ModelVersion,
    counter: Counter,
    created: z.iso.datetime(),
    /** After this moment nobody starts to use it; who runs it goes on. */
    expires: z.iso.datetime(),
    /** Lowest version of the extension that can run it. */
    minApp: z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/),
    labelsVersion: z.int().positive(),
    licence: text(200),
    files: z.array(ReleaseFile).min(4).max(20),
    /** One for each weights file, by its path. */
    graphs: z.record(ModelFilePath, ReleaseGraph),
    gate: z.strictObject({
      verdict: z.literal("pass"),
      sentence: text(500),
      /** Of the frozen hold-out that the figures are from. */
      holdout: Sha256,
      figures: z.record(z.string().regex(/^[A-Za-z0-9_.@-]{1,80}$/), Decimal),
    }),
    data: z.strictObject({
      /** Of the training data's own manifest. */
      sha256: Sha256,
      /** People's decisions among it. */
      decisions: z.int().nonnegative(),
      /** Of the weights that the next training goes on from; the registry keeps them, and no installation loads them. */
      checkpoint: Sha256.optional(),
    }),
    /** Counters that nobody may run any more. */
    revoked: z.array(Counter).max(1000),
  })
  .superRefine((manifest, context) => {
    const wrong = (message: string) => context.addIssue({ code: "custom", message });
    const paths = manifest.files.map(({ path }) => path);
    const weights = manifest.files.filter(({ role }) => role.startsWith("weights-")).map(({ path }) => path);
    const named = (path: string, role: string) => manifest.files.some((file) => file.path === path && file.role === role);
    if (new Set(paths).size !== paths.length) wrong("two files have one path");
    for (const role of ["config", "tokenizer", "golden"] as const) if (!named(`${role}.json`, role)) wrong(`there is no ${role}.json`);
    for (const role of ["weights-wasm", "weights-webgpu", "decisions"])
      if (manifest.files.filter((file) => file.role === role).length > 1) wrong(`two files are ${role}`);
    if (!manifest.files.some(({ role }) => role === "weights-wasm")) wrong("there are no weights for WASM");
    if (weights.toSorted().join("\n") !== Object.keys(manifest.graphs).toSorted().join("\n")) wrong("weights and graphs do not match");
    if (manifest.files.reduce((sum, { size }) => sum + size, 0) > releaseLimits.files) wrong("the files are too large together");
    if (Date.parse(manifest.expires) <= Date.parse(manifest.created)) wrong("it expires before it was created");
    if (manifest.revoked.includes(manifest.counter)) wrong("it revokes itself");
  });

export const ReleaseEnvelope = envelopeOf(releasePayloadType);
/** What `openEnvelope` takes for a release. */
export const releaseKind: SignedKind<ReleaseManifest> = {
  name: "release",
  envelope: ReleaseEnvelope,
  payload: ReleaseManifest,
  most: releaseLimits.envelope,
};

/** Answer of `GET /v1/models/channels/{channel}`, with an ETag. Nothing in it counts but the envelope: the rest must agree with it. */
export const ChannelAnswer = z.strictObject({
  version: ModelVersion,
  counter: Counter,
  envelope: ReleaseEnvelope,
  /** Share of the installs that take it now; each decides by itself, see `inRollout`. */
  rollout: z.strictObject({ percent: z.int().min(0).max(100) }),
});

export type ReleaseManifest = z.infer<typeof ReleaseManifest>;
export type ReleaseFile = z.infer<typeof ReleaseFile>;
export type ReleaseGraph = z.infer<typeof ReleaseGraph>;
export type ReleaseEnvelope = z.infer<typeof ReleaseEnvelope>;
export type ChannelAnswer = z.infer<typeof ChannelAnswer>;

/** Whether this install takes a release that is given to `percent` of all. @param installId random, made once, never sent. */
export async function inRollout(installId: string, counter: number, percent: number): Promise<boolean> {
  const digest = await textSha256(`${counter}:${installId}`);
  return Number.parseInt(digest.slice(0, 8), 16) % 100 < percent;
}

/** Bytes of a decision's SHA-256 that the file of role `decisions` holds; the file is these, sorted, one after the other. */
export const decisionHashBytes = 8;

/**
 * How many of these decisions a release was trained on. The file names no decision to anybody who does not have its random id already.
 * @param file of role `decisions`. @param ids of this person's decisions.
 */
export async function countOwn(file: Uint8Array, ids: readonly string[]): Promise<number> {
  const known = new Set<string>();
  for (let at = 0; at < file.length; at += decisionHashBytes) known.add(toHex(file.subarray(at, at + decisionHashBytes)));
  const hashes = await Promise.all(ids.map(textSha256));
  return hashes.filter((hash) => known.has(hash.slice(0, 2 * decisionHashBytes))).length;
}
