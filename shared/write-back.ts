// Write-back: what may be changed on a ticket, what is shown before it happens, and what is remembered of it. None of it has text of the ticket.
import { z } from "zod";

const Label = z.string().min(1).max(255);
const FieldName = z.string().max(100);
const FieldValue = z.string().max(1000);

/** One change of one ticket. A plan has at most one: a server takes it whole, or not at all. */
export const Change = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("labels"), add: z.array(Label), remove: z.array(Label) }),
  /** `""`: the field is empty. */
  z.strictObject({ kind: z.literal("field"), name: FieldName, before: FieldValue, after: FieldValue }),
  /** A work note or a comment: it stays for ever. */
  z.strictObject({ kind: z.literal("note"), text: z.string().min(1).max(500) }),
]);

/** A value of somebody else's that would have been in the way: it is left as it is, and said. */
export const LeftValue = z.strictObject({ kind: z.enum(["label", "field"]), name: FieldName, value: FieldValue });

export const Plan = z.strictObject({
  /** Null: nothing to do. */
  change: Change.nullable(),
  left: z.array(LeftValue),
  /** The ticket's version that the plan was made for. */
  version: z.string(),
});

/** What SecTag put on a ticket from this browser. Whatever is not in here is somebody else's. */
export const Written = z.strictObject({
  labels: z.array(Label),
  field: z.strictObject({ name: FieldName, value: FieldValue }).nullable(),
  /** The newest note: the same is not written twice. */
  note: z.string().max(500).nullable(),
  /** The last write, which "Revert" takes back; null after that. */
  last: z.strictObject({ tag: z.string().max(100), change: Change, at: z.iso.datetime() }).nullable(),
});
export const nothingWritten: Written = { labels: [], field: null, note: null, last: null };

export const WriteBackSettings = z.strictObject({
  on: z.boolean(),
  /** Name of the ServiceNow or Request Tracker field that takes the tag, e.g. `u_sectag`; "" when there is none. */
  field: z.string().max(100),
});

/** What the page asks the background for: settings, and what was written on this ticket. */
export const WriteBackMemory = z.strictObject({ settings: WriteBackSettings, written: Written });

export const problemCodes = [
  /** No session, or it has ended. */
  "signedOut",
  "forbidden",
  "missing",
  /** The ticket is not as it was when the change was shown: nothing was written. */
  "changed",
  /** The server said no to the value itself. */
  "refused",
  /** The server said yes, and the ticket is as before: a rule there keeps the field. */
  "ignored",
  "busy",
  "unreachable",
  /** No answer came after sending: it may be written. */
  "unknown",
  /** An answer that this version does not understand. */
  "odd",
] as const;
export type ProblemCode = (typeof problemCodes)[number];

export const writeBackActions = ["open", "confirm", "close", "revert"] as const;
export type WriteBackAction = (typeof writeBackActions)[number];

/** What the card draws. */
export interface WriteBackState {
  phase: "offer" | "reading" | "diff" | "writing";
  /** The tag of the person's decision; "" while there is none to write. */
  tag: string;
  /** The plan of an open diff. */
  plan: Plan | null;
  /** Shown to be copied, on pages from which SecTag cannot write. */
  copy: string | null;
  last: { tag: string; at: string; revertible: boolean } | null;
  /** What happened last; `n` rises with each. */
  news: { n: number; code: "none" | "written" | "reverted" | "nothing" | ProblemCode };
}

export type Change = z.infer<typeof Change>;
export type LeftValue = z.infer<typeof LeftValue>;
export type Plan = z.infer<typeof Plan>;
export type Written = z.infer<typeof Written>;
export type WriteBackSettings = z.infer<typeof WriteBackSettings>;
export type WriteBackMemory = z.infer<typeof WriteBackMemory>;
