// What the options page, side panel and popup show of the store, and what a person may do there: lists, dead letters, payloads.
import { liveQuery } from "dexie";
import type { TicketRef } from "../../shared/contract.ts";
import type { DecisionView, Problem, SuggestionSummary, Verdict } from "../../shared/decisions.ts";
import { type SyncState, standing } from "../../shared/review.ts";
import type { ReviewDb, SentRow } from "./review-db.ts";
import { inOrder, syncStateOf } from "./reviews.ts";
import { readSyncStatus, type SyncStatus } from "./sync.ts";
import { ticketIdOf } from "./ticket-id.ts";

export interface SyncOverview {
  pending: number;
  dead: number;
  status: SyncStatus;
}
export interface LoggedDecision {
  id: string;
  ticket: TicketRef;
  verdict: Verdict;
  /** `phishing`, `high`; null when the decision says no tag. */
  threatType: string | null;
  severity: string | null;
  at: string;
  /** Who decided; null for this person. */
  by: string | null;
  sync: SyncState;
}
export interface DeadLetter {
  id: string;
  ticket: TicketRef;
  problem: Problem;
  at: number;
}
/** A ticket that was tagged here and is not reviewed, the most uncertain first. */
export interface QueuedTicket {
  ticket: TicketRef;
  url: string;
  suggestion: Pick<SuggestionSummary, "threatType" | "severity" | "confidence" | "abstained">;
}

/** How many people say this tag of a ticket; null: that the suggestion is wrong, and no other tag. */
export interface SaidTag {
  tag: Pick<NonNullable<DecisionView["final"]>, "threatType" | "severity"> | null;
  people: number;
}

/** Most tickets of which is kept that they were seen. */
const mostSeen = 500;

export async function syncOverview(db: ReviewDb): Promise<SyncOverview> {
  const [pending, dead, status] = await Promise.all([db.outbox.count(), db.dead.count(), readSyncStatus(db)]);
  return { pending, dead, status };
}

/** Newest first. */
export async function recentDecisions(db: ReviewDb, connected: boolean, most = 20): Promise<LoggedDecision[]> {
  const rows = await db.reviews.orderBy("n").reverse().limit(most).toArray();
  const ids = rows.map(({ id }) => id);
  const waiting = new Set((await db.outbox.where("id").anyOf(ids).toArray()).map(({ id }) => id));
  const dead = new Set(await db.dead.where("id").anyOf(ids).primaryKeys());
  return rows.map(({ id, seq, local, reviewer, decision }) => ({
    id,
    ticket: { system: decision.ticket.system, key: decision.ticket.key },
    verdict: decision.verdict,
    threatType: decision.final?.threatType ?? null,
    severity: decision.final?.severity ?? null,
    at: decision.clientTime,
    by: local ? null : (reviewer?.name ?? null),
    sync: syncStateOf({ waiting: waiting.has(id), refused: dead.has(id), numbered: seq !== null, connected }),
  }));
}

/** Ids of the decisions made here that stand, that say something else than the model did, and that the server has. */
export async function ownCorrections(db: ReviewDb): Promise<string[]> {
  const rows = await db.reviews.filter(({ local, seq }) => local && seq !== null).toArray();
  const steps = rows.map(({ id, decision: { verdict, supersedes } }) => ({ id, verdict, supersedes }));
  return standing(steps).flatMap(({ id, verdict }) => (verdict === "accept" ? [] : [id]));
}

/**
 * Of each ticket who says what, as far as this browser knows, what most say first: of each person the newest decision that stands and
 * says a tag.
 */
export async function tagsSaid(db: ReviewDb, ticketIds: readonly string[], me: string): Promise<SaidTag[][]> {
  const rows = await db.reviews.where("ticketId").anyOf(ticketIds).toArray();
  const tickets = Map.groupBy(rows.sort(inOrder), ({ ticketId }) => ticketId);
  return ticketIds.map((id) => {
    const people = Map.groupBy(tickets.get(id) ?? [], ({ local, reviewer }) => (local ? me : (reviewer?.id ?? me)));
    const words = [...people.values()].flatMap((chain) => {
      const steps = chain.map(({ id, decision: { verdict, supersedes, final } }) => ({ id, verdict, supersedes, final }));
      return standing(steps).findLast(({ verdict, final }) => verdict === "reject" || final?.threatType) ?? [];
    });
    const same = Map.groupBy(words, ({ final }) => `${final?.threatType} ${final?.severity}`);
    return [...same.values()]
      .map((those): SaidTag => {
        const final = those[0]?.final;
        return { tag: final ? { threatType: final.threatType, severity: final.severity } : null, people: those.length };
      })
      .sort((a, b) => b.people - a.people);
  });
}

export async function deadLetters(db: ReviewDb): Promise<DeadLetter[]> {
  const rows = await db.dead.orderBy("at").reverse().toArray();
  return rows.map(({ id, decision, problem, at }) => ({
    id,
    ticket: { system: decision.ticket.system, key: decision.ticket.key },
    problem,
    at,
  }));
}

/** Puts refused decisions back into the outbox. @param ids all of them when absent. */
export async function retryDead(db: ReviewDb, ids?: readonly string[]): Promise<void> {
  await db.transaction("rw", [db.dead, db.outbox], async () => {
    const rows = ids ? await db.dead.bulkGet([...ids]) : await db.dead.toArray();
    for (const row of rows) {
      if (!row) continue;
      await db.outbox.add({ id: row.id, bytes: row.bytes, decision: row.decision });
      await db.dead.delete(row.id);
    }
  });
}

/** Gives up a refused decision for good: what was decided stays here, the server never gets it. */
export async function discardDead(db: ReviewDb, id: string): Promise<void> {
  await db.dead.delete(id);
}

/** The refused decisions with their problems, as a file's text. */
export async function exportDead(db: ReviewDb): Promise<string> {
  return JSON.stringify(await db.dead.toArray(), null, 2);
}

/** What left the machine last, newest first. */
export async function sentPayloads(db: ReviewDb): Promise<SentRow[]> {
  return db.sent.orderBy("n").reverse().toArray();
}

/** Notes that a ticket was tagged here, so that the side panel can offer what is not reviewed yet. */
export async function noteTagged(db: ReviewDb, ticket: TicketRef, url: string, suggestion: SuggestionSummary, now: number): Promise<void> {
  const id = await ticketIdOf(ticket);
  await db.transaction("rw", [db.tickets, db.suggestions], async () => {
    await db.tickets.put({ id, ticket, url, seenAt: now });
    await db.suggestions.put({ ...suggestion, ticketId: id, at: now });
    const tooMany = (await db.tickets.count()) - mostSeen;
    if (tooMany <= 0) return;
    const old = await db.tickets.orderBy("seenAt").limit(tooMany).primaryKeys();
    await db.tickets.bulkDelete(old);
    await db.suggestions.bulkDelete(old);
  });
}

export async function unreviewed(db: ReviewDb, most = 50): Promise<QueuedTicket[]> {
  const rows = await db.tickets.orderBy("seenAt").reverse().toArray();
  const suggestions = new Map((await db.suggestions.toArray()).map((row) => [row.ticketId, row]));
  const queued: QueuedTicket[] = [];
  for (const { id, ticket, url } of rows) {
    const suggestion = suggestions.get(id);
    const newest = (await db.reviews.where({ ticketId: id }).toArray()).sort(inOrder).at(-1);
    if (suggestion && !newest?.decision.final) queued.push({ ticket, url, suggestion });
  }
  const doubt = ({ suggestion }: QueuedTicket) => (suggestion.abstained ? 0 : suggestion.confidence);
  return queued.sort((a, b) => doubt(a) - doubt(b)).slice(0, most);
}

/** Calls back now and with each change that any context of the extension makes, until `signal` aborts. */
export function watchStore<T>(
  query: () => Promise<T>,
  signal: AbortSignal,
  onValue: (value: T) => void,
  onError: (error: unknown) => void,
): void {
  const subscription = liveQuery(query).subscribe(onValue, onError);
  signal.addEventListener("abort", () => subscription.unsubscribe());
}
