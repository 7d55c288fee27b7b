// Which model runs in this browser: what its host and the background tell each other, and what the options page shows of it.
import { z } from "zod";
import { ModelVersion, ReleaseChannel } from "./contract.ts";

/** What is to be run: a release by its counter, or the packaged model (null). In its trial a release is watched more closely. */
export const ModelChoice = z.strictObject({ counter: z.int().positive().nullable(), trial: z.boolean() });
export const packagedModel: ModelChoice = { counter: null, trial: false };

/** Answered tickets after which a release on trial counts as proven. */
export const trialTickets = 200;

const counter = z.int().positive();
const why = z.string().max(500);

/** What the host tells of a release; the answer is what is to be run now. */
export const ModelNews = z.discriminatedUnion("kind", [
  /** Its start ended well. */
  z.strictObject({ kind: z.literal("loaded"), counter }),
  /** In its trial: the first ticket since the start goes in. */
  z.strictObject({ kind: z.literal("scanning"), counter }),
  /** In its trial: it answered a ticket. */
  z.strictObject({ kind: z.literal("answered"), counter }),
  /** `files`: they are not whole any more. `ticket`: it is loaded, and failed on one. */
  z.strictObject({ kind: z.literal("failed"), counter, why, files: z.boolean(), ticket: z.boolean() }),
  /** Its self-test beside the running model has ended; `why` says what is wrong, null that nothing is. `files`: they are not whole any more. */
  z.strictObject({ kind: z.literal("rehearsed"), counter, why: why.nullable(), files: z.boolean() }),
]);

export const LookCode = z.enum([
  // Nobody to ask, or nobody to believe.
  "not_connected",
  "no_keys",
  "offline",
  // Not believed.
  "unknown_answer",
  "not_believed",
  "mixed",
  "replayed",
  "two_of_one",
  "too_far",
  "stale",
  "altered",
  "bad_graph",
  // Believed, and not taken, or not now.
  "nothing_published",
  "newer_app",
  "denied",
  "pinned",
  "not_yet",
  "cut",
  "full",
  // Something is wrong with this browser, or with us.
  "broken",
  // It runs, or it is here and goes to its self-test.
  "current",
  "staged",
]);

/** What became of a look for a new release. */
export const LookResult = z.strictObject({
  code: LookCode,
  /** For those who want to know exactly, in English. */
  detail: z.string().max(600),
  version: ModelVersion.nullable(),
  counter: counter.nullable(),
});

export const ModelView = z.strictObject({
  channel: ReleaseChannel,
  /** Null: the packaged model. `scans` counts while it is in its trial. */
  running: z.strictObject({ counter, version: ModelVersion, scans: z.int().nonnegative().nullable(), gate: z.string() }).nullable(),
  /** What a return goes to; null: the packaged model. */
  before: ModelVersion.nullable(),
  /** Version that an administrator's policy asks for. */
  pin: z.string().nullable(),
  look: z.strictObject({ ...LookResult.shape, at: z.number() }).nullable(),
  /** Share of the files that has arrived while they do. */
  progress: z.number().min(0).max(1).nullable(),
  /** The last release that was given up here. */
  refused: z.strictObject({ counter, why }).nullable(),
  /** Corrections made in this browser that the running release was trained on. */
  own: z.int().nonnegative(),
});

/** Corrections made in this browser that the running release was trained on. */
export interface OwnCorrections {
  version: string;
  n: number;
}

export type ModelChoice = z.infer<typeof ModelChoice>;
export type ModelNews = z.infer<typeof ModelNews>;
export type LookResult = z.infer<typeof LookResult>;
export type ModelView = z.infer<typeof ModelView>;
