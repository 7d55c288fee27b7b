// The contract of reviews: a decision, how it travels, how the server answers. Zod schemas, as in contract.ts.
import { z } from "zod";
import { Backend, BlockRole, Probability, Severity, Sha256, SpanLabel, ThreatType, TicketRef } from "./contract.ts";

/** What one decision, and one push of them, may hold at most; the client cuts to these, the server refuses more. */
export const limits = {
  /** UTF-16 units of one block's redacted text. */
  blockText: 20_000,
  /** UTF-16 units of all blocks of a decision together. */
  allText: 32_000,
  blocks: 40,
  spans: 200,
  /** UTF-16 units of a span's quote. */
  quote: 400,
  /** Bytes of one decision as JSON in UTF-8. */
  decisionBytes: 131_072,
  /** Decisions of one push. */
  batch: 100,
  /** Bytes of one push's body in UTF-8. */
  batchBytes: 262_144,
  /** Events of one pulled page. */
  page: 500,
  /** Tickets that are named as waiting for a lead. */
  waiting: 200,
} as const;

/** UUID version 7, made by the client: identity and a rough order, never the truth about order. */
export const DecisionId = z.uuidv7();

/** What a person did. The newest decision of a person about a ticket is the one that counts. */
export const Verdict = z.enum(["accept", "correct", "reject", "add", "undo"]);

/** Why, when the person cared to say. */
export const reasonIds = [
  "wrong_type",
  "wrong_severity",
  "false_alarm",
  "test_or_drill",
  "known_activity",
  "duplicate",
  "not_enough_context",
] as const;
export const Reason = z.enum(reasonIds);

/** A tag as a person decided it. Both null: nobody said what is right (a rejection, or spans alone were judged). */
const tagShape = { threatType: ThreatType.nullable(), severity: Severity.nullable() };

/** Who found the words: the model, a rule, or the person. */
export const SpanSource = z.enum(["model", "rule", "human"]);

/** The model's proposal that the decision is about, without its spans and texts. */
export const SuggestionSummary = z.strictObject({
  ...tagShape,
  confidence: Probability,
  abstained: z.boolean(),
  probabilities: z.record(ThreatType, Probability).nullable(),
  severityProbabilities: z.record(Severity, Probability).nullable(),
  modelVersion: z.string().max(60).nullable(),
  backend: Backend,
  tookMs: z.number().nonnegative(),
});

const decisionShape = {
  kind: z.literal("decision"),
  id: DecisionId,
  /** The decision about the same ticket that this one replaces; for an undo, the one that is taken back. */
  supersedes: DecisionId.nullable(),
  ticket: z.strictObject({
    ...TicketRef.shape,
    /** SHA-256 of roles and full texts as read, so that a changed ticket can be told from the judged one. */
    hash: Sha256,
    /** The same for tickets made from one template: first 16 hex digits of a hash of the title without its numbers and indicators. */
    family: z.string().regex(/^[0-9a-f]{16}$/),
  }),
  /** What did not travel: blocks that are restricted or over a limit, spans in them, and whether a text was cut. */
  omitted: z.strictObject({ blocks: z.int().nonnegative(), spans: z.int().nonnegative(), text: z.boolean() }),
  suggestion: SuggestionSummary,
  verdict: Verdict,
  /** What is right after this decision; null when it leaves the ticket unreviewed (an undo of the first decision). */
  final: z
    .strictObject({
      ...tagShape,
      /** `block` is the index in `blocks`; UTF-16 offsets into that block's redacted text. */
      spans: z
        .array(
          z.strictObject({
            block: z
              .int()
              .nonnegative()
              .max(limits.blocks - 1),
            start: z.int().nonnegative(),
            end: z.int().positive(),
            label: SpanLabel,
            quote: z.string().min(1).max(limits.quote),
            source: SpanSource,
          }),
        )
        .max(limits.spans),
    })
    .nullable(),
  reason: Reason.nullable(),
  labelsVersion: z.int().positive(),
  /** Display data only: order comes from the server. */
  clientTime: z.iso.datetime(),
  /** From the suggestion's appearance to the decision, milliseconds. */
  dwellMs: z.int().nonnegative().max(1_000_000_000),
};

/** What a decision must be beside its shape. @returns a sentence that says what is wrong, or null. */
export function decisionFault(decision: z.infer<typeof DecisionShape>): string | null {
  const { verdict, final, suggestion, supersedes } = decision;
  if (final && (final.threatType === null) !== (final.severity === null))
    return "final.threatType and final.severity are both given, or both null";
  if (verdict === "undo") return supersedes ? null : "an undo names in `supersedes` the decision that it takes back";
  if (!final) return `only an undo may leave \`final\` null, not "${verdict}"`;
  if (
    verdict === "accept" &&
    (final.threatType === null || final.threatType !== suggestion.threatType || final.severity !== suggestion.severity)
  )
    return "an accepted tag is the suggested one: send another tag with the verdict `correct`";
  if (verdict === "correct" && final.threatType === null) return "a correction says what is right: send a tag, or the verdict `reject`";
  if (verdict === "reject" && final.threatType !== null) return "a rejection says no tag: send a tag with the verdict `correct`";
  return null;
}

const DecisionShape = z.strictObject({
  ...decisionShape,
  /** The redacted texts that the decision is about. */
  blocks: z.array(z.strictObject({ role: BlockRole, text: z.string().max(limits.blockText) })).max(limits.blocks),
});

/** One decision as it leaves the machine and as the trainer gets it. Append-only: never edited, only superseded. */
export const Decision = DecisionShape.superRefine((decision, context) => {
  const fault = decisionFault(decision);
  if (fault) context.addIssue({ code: "custom", path: ["verdict"], message: fault });
  decision.final?.spans.forEach(({ block, start, end, quote }, index) => {
    if (decision.blocks[block]?.text.slice(start, end) !== quote)
      context.addIssue({
        code: "custom",
        path: ["final", "spans", index, "quote"],
        message: "the quote is not what the block has at start..end",
      });
  });
});

/** A decision without its texts: what is kept on the machine, and what other browsers pull. */
export const DecisionView = z.strictObject({ ...decisionShape, blocks: z.array(z.strictObject({ role: BlockRole })).max(limits.blocks) });

export const Role = z.enum(["analyst", "lead", "admin", "service"]);
export const Scope = z.enum(["review", "lead", "export", "publish", "admin"]);
/** Who decided; set by the server from the credential. */
export const Reviewer = z.strictObject({ id: z.string().min(1).max(64), name: z.string().max(120), role: Role });

/** RFC 9457: the one shape of every error. `type` is `urn:sectag:problem:CODE`. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  /** What to do about it. */
  detail: z.string().optional(),
  instance: z.string().optional(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});

/** Body of `POST /v1/events`. Events are judged one by one: what is wrong with one is said in its result. */
export const PushRequest = z.strictObject({ events: z.array(z.unknown()).min(1).max(limits.batch) });

/** One result an event, in their order. `id` is null when the event had none that could be read. */
export const PushResult = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("stored"), id: DecisionId, seq: z.int().positive() }),
  z.strictObject({ status: z.literal("duplicate"), id: DecisionId, seq: z.int().positive() }),
  z.strictObject({ status: z.literal("rejected"), id: DecisionId.nullable(), problem: Problem }),
]);
/** `epoch` names the server's history: another one means it was restored, and the client sends again what it kept. */
export const PushResponse = z.strictObject({ epoch: z.string().min(1).max(64), results: z.array(PushResult).max(limits.batch) });

/** One row of the server's history. */
export const StoredEvent = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("decision"),
    seq: z.int().positive(),
    serverTime: z.iso.datetime(),
    reviewer: Reviewer,
    decision: DecisionView,
  }),
  /** A ticket's texts and quotes were erased: who has them forgets them too. `ticketId` is SHA-256 of `system + "\n" + key`. */
  z.strictObject({ kind: z.literal("erased"), seq: z.int().positive(), serverTime: z.iso.datetime(), ticketId: Sha256 }),
]);

/** Answer of `GET /v1/events?after=CURSOR&limit=N`; `next` is the cursor behind the last event, also when there is none. */
export const EventPage = z.strictObject({
  epoch: z.string().min(1).max(64),
  events: z.array(StoredEvent).max(limits.page),
  next: z.string().max(400),
  more: z.boolean(),
});

/** One line of `GET /v1/export` (NDJSON); the last line is `{kind: "end", next, count}`. */
export const ExportLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("decision"),
    seq: z.int().positive(),
    serverTime: z.iso.datetime(),
    reviewer: Reviewer,
    decision: DecisionShape,
  }),
  z.strictObject({ kind: z.literal("erased"), seq: z.int().positive(), serverTime: z.iso.datetime(), ticketId: Sha256 }),
  z.strictObject({ kind: z.literal("end"), next: z.string().max(400), count: z.int().nonnegative() }),
]);

/** Body of `POST /v1/pair`: a one-time code is given for a key. */
export const PairRequest = z.strictObject({ code: z.string().min(20).max(200), client: z.string().min(1).max(120) });
export const Me = z.strictObject({
  user: Reviewer,
  org: z.strictObject({ id: z.string().min(1).max(64), name: z.string().max(120) }),
  scopes: z.array(Scope),
  keyExpires: z.iso.datetime().nullable(),
});
/** The key is shown this once. */
export const PairResponse = z.strictObject({ key: z.string().min(20).max(200), me: Me });

/** A ticket's label as the server sees it now: the lead's ruling, else the newest decision. */
export const TicketLabel = z.strictObject({
  ticketId: Sha256,
  ticket: TicketRef,
  final: z.strictObject(tagShape).nullable(),
  verdict: Verdict,
  ruled: z.boolean(),
  /** Persons who reviewed it, and how many of them say this tag. */
  reviewers: z.int().nonnegative(),
  agreeing: z.int().nonnegative(),
  suggestion: z.strictObject({ ...tagShape, modelVersion: z.string().nullable() }),
  decisionId: DecisionId,
  seq: z.int().positive(),
  serverTime: z.iso.datetime(),
});

/** Why a ticket's reviews teach nothing yet; each is a case for a lead, whose ruling is learnt whatever waited. */
export const WaitReason = z.enum(["disputed", "alone", "tied", "distrusted", "undecided", "hasty", "hurried"]);
const WaitingTicket = z.strictObject({ ticket: TicketRef, reason: WaitReason });
/** Body of `PUT /v1/waiting`, whole each time. */
export const WaitingList = z.strictObject({
  tickets: z.array(WaitingTicket).max(limits.waiting),
  /** So many more wait and are not named. */
  more: z.int().nonnegative(),
});
/** Answer of `GET /v1/waiting`: what is not ruled on since. `at` is when the trainer said so; null: it never did. */
export const Waiting = WaitingList.extend({ at: z.iso.datetime().nullable() });

export type DecisionId = z.infer<typeof DecisionId>;
export type Verdict = z.infer<typeof Verdict>;
export type Reason = z.infer<typeof Reason>;
export type SpanSource = z.infer<typeof SpanSource>;
export type SuggestionSummary = z.infer<typeof SuggestionSummary>;
export type Decision = z.infer<typeof DecisionShape>;
export type DecisionView = z.infer<typeof DecisionView>;
export type Role = z.infer<typeof Role>;
export type Scope = z.infer<typeof Scope>;
export type Reviewer = z.infer<typeof Reviewer>;
export type Problem = z.infer<typeof Problem>;
export type PushResult = z.infer<typeof PushResult>;
export type PushResponse = z.infer<typeof PushResponse>;
export type StoredEvent = z.infer<typeof StoredEvent>;
export type EventPage = z.infer<typeof EventPage>;
export type ExportLine = z.infer<typeof ExportLine>;
export type Me = z.infer<typeof Me>;
export type TicketLabel = z.infer<typeof TicketLabel>;
export type WaitReason = z.infer<typeof WaitReason>;
export type WaitingList = z.infer<typeof WaitingList>;
export type Waiting = z.infer<typeof Waiting>;
