// What page, popup and side panel show of a review, and what a person can ask of it: the state goes out, actions come in.
import { z } from "zod";
import {
  BlockRole,
  MAX_BLOCK_LENGTH,
  MAX_BLOCKS,
  Probability,
  Severity,
  SpanLabel,
  Suggestion,
  ThreatType,
  TicketRef,
} from "./contract.ts";
import { DecisionId, Reason, Role, SpanSource, SuggestionSummary, Verdict } from "./decisions.ts";

const Tag = z.strictObject({ threatType: ThreatType.nullable(), severity: Severity.nullable() });

/** A span as the page has it: in a block by its id, with offsets into the text as read. */
export const ReviewSpan = z.strictObject({
  block: z.string().min(1).max(200),
  start: z.int().nonnegative(),
  end: z.int().positive(),
  label: SpanLabel,
  quote: z.string().min(1).max(MAX_BLOCK_LENGTH),
  source: SpanSource,
});
const Final = z.strictObject({ ...Tag.shape, spans: z.array(ReviewSpan).max(2000) });

/** A block as it goes to the store; `restricted` texts (internal comments, work notes) leave the machine only if policy allows it. */
export const ReviewBlock = z.strictObject({
  id: z.string().min(1).max(200),
  role: BlockRole,
  text: z.string().max(MAX_BLOCK_LENGTH),
  restricted: z.boolean(),
});

/** What the page knows of a ticket when it asks the store: enough to find its history and to place spans in the text. */
export const ReviewedTicket = z.strictObject({ ticket: TicketRef, blocks: z.array(ReviewBlock).max(MAX_BLOCKS) });

/** A decision as the page makes it; the store redacts it and makes the contract's `Decision` of it. */
export const ReviewIntent = z.strictObject({
  ...ReviewedTicket.shape,
  id: DecisionId,
  supersedes: DecisionId.nullable(),
  suggestion: SuggestionSummary,
  verdict: Verdict,
  final: Final.nullable(),
  reason: Reason.nullable(),
  clientTime: z.iso.datetime(),
  dwellMs: z.int().nonnegative(),
});

/** `local`: no server is connected; `pending`: will be sent; `stored`: the server has it; `rejected`: it said no (see the options page). */
export const SyncState = z.enum(["local", "pending", "stored", "rejected"]);

/** One decision about this ticket, with its spans placed in the text of now (those whose words are gone are left out). */
export const HistoryEntry = z.strictObject({
  id: DecisionId,
  verdict: Verdict,
  supersedes: DecisionId.nullable(),
  final: Final.nullable(),
  reason: Reason.nullable(),
  at: z.iso.datetime(),
  /** False: pulled, made by somebody else (a lead). */
  mine: z.boolean(),
  by: z.strictObject({ name: z.string(), role: Role }).nullable(),
  sync: SyncState,
  /** Blocks whose text was judged just as it stands now: where none of its spans is left, none was wanted. Known of decisions made here. */
  judged: z.array(z.string().min(1).max(200)).max(MAX_BLOCKS),
});
/** Oldest first, in the order that counts. */
export const TicketHistory = z.array(HistoryEntry).max(200);

/** What `review.decide` answers: saved (with the history that now counts), or why not, with nothing half-done. */
export const DecideAnswer = z.discriminatedUnion("ok", [
  z.strictObject({ ok: z.literal(true), history: TicketHistory }),
  z.strictObject({ ok: z.literal(false), code: z.enum(["full", "blocked", "newer", "broken", "invalid"]), message: z.string() }),
]);

/** What the keys may be mapped to; a value is a `KeyboardEvent.key`. */
export const reviewCommands = ["accept", "type", "severity", "notSecurity", "reject", "undo", "spans", "reason", "writeBack"] as const;
export const KeyMap = z.record(z.enum(reviewCommands), z.string().min(1).max(20));
export const defaultKeys: z.infer<typeof KeyMap> = {
  accept: "Enter",
  type: "t",
  severity: "s",
  notSecurity: "n",
  reject: "x",
  undo: "u",
  spans: "e",
  reason: "r",
  writeBack: "w",
};
/** Keys that choose in a menu, in the order of its entries: enough for the 13 threat types. */
export const choiceKeys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "a", "b", "c"] as const;

export const ReviewSettings = z.strictObject({ armed: z.boolean(), keys: KeyMap });

/** Most decisions about one ticket that can be taken back, one by one. */
export const MAX_UNDO = 20;

export const ReviewMenu = z.enum(["closed", "type", "severity", "severity-of-type", "spans", "reason"]);

/** Everything that the review component draws. */
export const ReviewState = z.strictObject({
  /** Keys work. */
  armed: z.boolean(),
  keys: KeyMap,
  menu: ReviewMenu,
  /** Chosen in the type menu, waiting for its severity. */
  pendingType: ThreatType.nullable(),
  /** This person's newest decision; null while unreviewed. */
  mine: z.strictObject({ verdict: Verdict, tag: Tag, reason: Reason.nullable(), sync: SyncState, at: z.iso.datetime() }).nullable(),
  /** A lead's newest ruling. */
  ruling: z.strictObject({ tag: Tag, name: z.string(), at: z.iso.datetime() }).nullable(),
  undoable: z.int().nonnegative().max(MAX_UNDO),
  /** The spans that count now, with edits that are not saved yet. */
  spans: z.array(ReviewSpan).max(2000),
  selected: z.int().nonnegative().nullable(),
  unsavedSpans: z.boolean(),
  /** What happened last, for the toast and the screen reader; `n` rises with each, so that the same is said again. */
  news: z.strictObject({
    n: z.int().nonnegative(),
    code: z.enum([
      "none",
      "saving",
      "saved",
      "undone",
      "failed",
      "nothing-to-undo",
      "no-selection",
      "spans-discarded",
      "armed",
      "disarmed",
    ]),
    detail: z.string().max(500),
  }),
});

/** What a person asks of a review, from the card, the popup or the side panel. */
export const ReviewAction = z.discriminatedUnion("do", [
  /** A key pressed in the popup or side panel; the page's state machine knows what it means. */
  z.strictObject({ do: z.literal("key"), key: z.string().max(20), alt: z.boolean(), shift: z.boolean(), ctrl: z.boolean() }),
  z.strictObject({ do: z.literal("arm"), armed: z.boolean() }),
  z.strictObject({ do: z.literal("menu"), menu: ReviewMenu }),
  z.strictObject({ do: z.literal("accept") }),
  z.strictObject({ do: z.literal("type"), threatType: ThreatType }),
  z.strictObject({ do: z.literal("severity"), severity: Severity }),
  z.strictObject({ do: z.literal("not-security") }),
  z.strictObject({ do: z.literal("reject") }),
  z.strictObject({ do: z.literal("reason"), reason: Reason }),
  z.strictObject({ do: z.literal("undo") }),
  /** From what is selected in the page. */
  z.strictObject({ do: z.literal("add-span"), label: SpanLabel }),
  z.strictObject({ do: z.literal("select-span"), index: z.int().nonnegative() }),
  z.strictObject({
    do: z.literal("move-edge"),
    edge: z.enum(["start", "end"]),
    by: z.union([z.literal(-1), z.literal(1)]),
    unit: z.enum(["word", "character"]),
  }),
  z.strictObject({ do: z.literal("label-span"), label: SpanLabel }),
  z.strictObject({ do: z.literal("remove-span") }),
  z.strictObject({ do: z.literal("save-spans") }),
  z.strictObject({ do: z.literal("discard-spans") }),
]);

/** What the toolbar popup and the side panel show about a tab; made by the page, kept by the background. */
export const PageReport = z.discriminatedUnion("state", [
  z.strictObject({ state: z.literal("reading"), ticket: TicketRef.nullable() }),
  z.strictObject({ state: z.literal("unreadable"), ticket: TicketRef.nullable(), reason: z.string().max(300) }),
  z.strictObject({ state: z.literal("loading"), ticket: TicketRef, progress: Probability }),
  z.strictObject({
    state: z.literal("tagged"),
    ticket: TicketRef,
    suggestion: Suggestion,
    /** Quotes that the page could not paint, e.g. values of inputs. */
    unpainted: z.int().nonnegative(),
    /** Parts of the ticket that were displayed and could not be read: frames, closed components. Absent: none. */
    unread: z.int().positive().optional(),
    /** The page took the card away again and again: popup and side panel stay. Absent: it did not. */
    cardRemoved: z.literal(true).optional(),
    /** Null until the store has told what was decided before. */
    review: ReviewState.nullable(),
  }),
  z.strictObject({ state: z.literal("failed"), ticket: TicketRef.nullable(), reason: z.string().max(300) }),
  z.strictObject({ state: z.literal("left") }),
]);

interface Step {
  id: string;
  verdict: Verdict;
  supersedes: string | null;
}

/** The decisions of one person about one ticket that still stand, oldest first: each undo takes away the one that it names. */
export function standing<T extends Step>(steps: readonly T[]): T[] {
  const undone = new Set(steps.flatMap(({ verdict, supersedes }) => (verdict === "undo" && supersedes ? [supersedes] : [])));
  return steps.filter(({ id, verdict }) => verdict !== "undo" && !undone.has(id));
}

export type ReviewSpan = z.infer<typeof ReviewSpan>;
export type ReviewBlock = z.infer<typeof ReviewBlock>;
export type ReviewedTicket = z.infer<typeof ReviewedTicket>;
export type ReviewIntent = z.infer<typeof ReviewIntent>;
export type SyncState = z.infer<typeof SyncState>;
export type HistoryEntry = z.infer<typeof HistoryEntry>;
export type TicketHistory = z.infer<typeof TicketHistory>;
export type DecideAnswer = z.infer<typeof DecideAnswer>;
export type KeyMap = z.infer<typeof KeyMap>;
export type ReviewCommand = (typeof reviewCommands)[number];
export type ReviewSettings = z.infer<typeof ReviewSettings>;
export type ReviewMenu = z.infer<typeof ReviewMenu>;
export type ReviewState = z.infer<typeof ReviewState>;
export type ReviewAction = z.infer<typeof ReviewAction>;
export type PageReport = z.infer<typeof PageReport>;
