// Saves decisions and tells what was decided: review row and outbox row in one strict transaction, or not at all.
import { type Decision, Decision as DecisionSchema } from "../../shared/decisions.ts";
import type { DecideAnswer, HistoryEntry, ReviewedTicket, ReviewIntent, SyncState, TicketHistory } from "../../shared/review.ts";
import type { Mirror } from "./mirror.ts";
import { createPlacer } from "./place-spans.ts";
import { byteLength, prepareDecision, sendable, subtleSha256, viewOf } from "./prepare-decision.ts";
import type { RedactionPolicy } from "./redact.ts";
import { hasName, type ReviewDb, type ReviewRow, StoreError } from "./review-db.ts";
import { ticketIdOf } from "./ticket-id.ts";

/** Most decisions about one ticket that a page is told. */
const mostTold = 200;

export interface ReviewsDeps {
  db: ReviewDb;
  policy(): Promise<RedactionPolicy>;
  /** Whether a server is connected: unsent decisions are then `pending`, else `local`. */
  connected(): Promise<boolean>;
  /** This person's id on the server, once known: decisions of another browser of theirs are theirs too. */
  userId(): Promise<string | null>;
  mirror: Mirror;
  /** Ways to free space, the cheapest loss first; each is tried when the disk is full, and the save after it. */
  freeSpace: readonly (() => Promise<void>)[];
  /** A decision was committed. */
  onSaved(): void;
  /** Something went wrong that lost nothing. */
  onNotice(message: string): void;
}

export interface Reviews {
  /**
   * Resolves after the commit, or with why there was none. Rejects when the store cannot be read to know which: ask once more.
   * The same intent again changes nothing.
   */
  decide(intent: ReviewIntent): Promise<DecideAnswer>;
  history(ticket: ReviewedTicket): Promise<TicketHistory>;
  /** The decision exactly as it would leave the machine; nothing is saved. */
  preview(intent: ReviewIntent): Promise<Decision>;
}

export function createReviews(deps: ReviewsDeps): Reviews {
  const { db, mirror } = deps;

  const save = async (decision: Decision, judged: string[]): Promise<void> => {
    const ticketId = await ticketIdOf(decision.ticket);
    const bytes = byteLength(decision);
    await db.transaction("rw", [db.reviews, db.outbox], async () => {
      // A page that got no answer asks again: what is there stays as it is.
      if (await db.reviews.get({ id: decision.id })) return;
      await db.reviews.add({ id: decision.id, ticketId, seq: null, local: true, reviewer: null, decision: viewOf(decision), judged });
      await db.outbox.add({ id: decision.id, bytes, decision });
    });
  };

  const saveOrFree = async (decision: Decision, judged: string[]): Promise<void> => {
    for (const free of [...deps.freeSpace, null]) {
      try {
        return await save(decision, judged);
      } catch (error) {
        if (!hasName(error, "QuotaExceededError")) throw error;
        if (!free) throw new StoreError("full", "The disk is full: free some space, then save again. Nothing of this decision was stored.");
        await free();
      }
    }
  };

  /** Null after the commit. */
  const saveOrSayWhy = async (intent: ReviewIntent): Promise<Extract<DecideAnswer, { ok: false }> | null> => {
    try {
      const policy = await deps.policy();
      const parsed = DecisionSchema.safeParse(await prepareDecision(intent, policy));
      if (!parsed.success) return { ok: false, code: "invalid", message: parsed.error.issues[0]?.message ?? "The decision is not valid." };
      await saveOrFree(parsed.data, await judgedTexts(intent, parsed.data, policy));
      // The second copy, for a database that breaks before the server has it. The first one is safe already.
      await mirror.put(parsed.data).catch(() => deps.onNotice("The second copy of a decision could not be written."));
      deps.onSaved();
      return null;
    } catch (error) {
      // An earlier try with the same id may have been saved without the page's hearing of it: "not saved" is said only when it is known.
      if (await db.reviews.get({ id: intent.id })) return null;
      if (error instanceof StoreError) return { ok: false, code: error.code, message: error.message };
      return { ok: false, code: "broken", message: `Not saved: ${error instanceof Error ? error.message : String(error)}` };
    }
  };

  const history = async (ticket: ReviewedTicket): Promise<TicketHistory> => {
    const ticketId = await ticketIdOf(ticket.ticket);
    const [policy, connected, userId] = await Promise.all([deps.policy(), deps.connected(), deps.userId()]);
    const rows = await db.reviews.where({ ticketId }).toArray();
    const ids = rows.map(({ id }) => id);
    const waiting = new Set((await db.outbox.where("id").anyOf(ids).toArray()).map(({ id }) => id));
    const refused = new Set(await db.dead.where("id").anyOf(ids).primaryKeys());
    const place = createPlacer(ticket, policy);
    const blocks = await Promise.all(ticket.blocks.map(async ({ id, text }) => ({ id, hash: await textHash(text) })));
    return rows
      .sort(inOrder)
      .slice(-mostTold)
      .map(
        ({ id, seq, local, reviewer, decision, judged = [] }): HistoryEntry => ({
          id,
          verdict: decision.verdict,
          supersedes: decision.supersedes,
          final: place(decision),
          reason: decision.reason,
          at: decision.clientTime,
          mine: local || reviewer?.id === userId,
          by: reviewer && { name: reviewer.name, role: reviewer.role },
          sync: syncStateOf({ waiting: waiting.has(id), refused: refused.has(id), numbered: seq !== null, connected }),
          judged: blocks.filter(({ hash }) => judged.includes(hash)).map((block) => block.id),
        }),
      );
  };

  return {
    history,
    async preview(intent) {
      return prepareDecision(intent, await deps.policy());
    },
    async decide(intent) {
      const refusal = await saveOrSayWhy(intent);
      if (refusal) return refusal;
      // From here on nothing may say "not saved": when the history cannot be read, the page gets an error, asks again and is told.
      return { ok: true, history: await history(intent) };
    },
  };
}

/** None when a text or a span in it is not stored: what is not marked there may still have been. */
async function judgedTexts({ blocks, final }: ReviewIntent, decision: Decision, policy: RedactionPolicy): Promise<string[]> {
  const sent = sendable(blocks, policy);
  const ids = new Set(sent.map(({ id }) => id));
  const marked = (final?.spans ?? []).filter(({ block }) => ids.has(block)).length;
  if (decision.omitted.text || decision.blocks.length < sent.length || (decision.final?.spans.length ?? 0) < marked) return [];
  return Promise.all(sent.map(({ text }) => textHash(text)));
}

const textHash = async (text: string) => (await subtleSha256(text)).slice(0, 16);

/** Where a decision is; one that neither waits nor has the server's number was refused, and given up. */
export function syncStateOf(row: { waiting: boolean; refused: boolean; numbered: boolean; connected: boolean }): SyncState {
  if (row.waiting) return row.connected ? "pending" : "local";
  return row.refused || !row.numbered ? "rejected" : "stored";
}

/** The order that counts: as the server has it, then what it has not, as it was made. */
export function inOrder(a: ReviewRow, b: ReviewRow): number {
  return (a.seq ?? Number.MAX_SAFE_INTEGER) - (b.seq ?? Number.MAX_SAFE_INTEGER) || (a.n ?? 0) - (b.n ?? 0);
}
