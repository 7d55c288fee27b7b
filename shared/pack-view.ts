// What became of a look for a selector pack, and what the options page shows of it.
import { z } from "zod";

export const PackLookCode = z.enum([
  // Nobody to ask, or nobody to believe.
  "not_connected",
  "no_keys",
  "offline",
  // Not believed.
  "unknown_answer",
  "not_believed",
  "replayed",
  "two_of_one",
  "too_far",
  "stale",
  // Something is wrong with this browser, or with us.
  "broken",
  // Believed, and not taken.
  "nothing_published",
  "newer_app",
  "unknown_names",
  "bad_selector",
  "denied",
  "pinned",
  // It is in use.
  "current",
  "taken",
]);

export const PackLook = z.strictObject({
  code: PackLookCode,
  /** For those who want to know exactly, in English. */
  detail: z.string().max(600),
  counter: z.int().positive().nullable(),
});

export const PackView = z.strictObject({
  /** Null: the packaged selectors. */
  inUse: z
    .strictObject({ counter: z.int().positive(), created: z.iso.datetime(), expires: z.iso.datetime(), sites: z.array(z.string()) })
    .nullable(),
  /** One is here, and too old to be used. */
  expired: z.strictObject({ counter: z.int().positive(), expires: z.iso.datetime() }).nullable(),
  /** What an administrator's policy asks for: a counter, or "packaged". */
  pin: z.string().nullable(),
  look: z.strictObject({ ...PackLook.shape, at: z.number() }).nullable(),
  /** The last pack that was given up here. */
  refused: z.strictObject({ counter: z.int().positive(), why: z.string() }).nullable(),
});

export type PackLook = z.infer<typeof PackLook>;
export type PackView = z.infer<typeof PackView>;
