// The reviews' database as the extension's own pages open it: to show what is in it, after the background has made it.
import { browser } from "wxt/browser";
import { Severity, ThreatType } from "../shared/contract.ts";
import { readsChannel, readWaiting } from "./store/api-reads.ts";
import { readConnection, watchConnection } from "./store/connection.ts";
import { currentDbName } from "./store/open-store.ts";
import { openReviewDb, type ReviewDb } from "./store/review-db.ts";
import { type LoggedDecision, type QueuedTicket, recentDecisions, tagsSaid, unreviewed, watchStore } from "./store/review-log.ts";
import { ticketIdOf } from "./store/ticket-id.ts";
import type { DecisionRow } from "./ui/decision-list.tsx";
import type { WaitingTickets } from "./ui/waiting.tsx";

/** @throws StoreError with a sentence for a person. */
export async function openForPages(): Promise<ReviewDb> {
  return openReviewDb({ name: await currentDbName(browser.storage.local) });
}

export interface SeenReviews {
  /** The last 20 decisions, newest first. */
  recent: DecisionRow[];
  queue: QueuedTicket[];
}

/** Calls back now and with each change of the store or the connection, until `signal` aborts. */
export function watchReviews(
  db: ReviewDb,
  signal: AbortSignal,
  onReviews: (seen: SeenReviews) => void,
  onProblem: (error: unknown) => void,
): void {
  let current = new AbortController();
  const watch = async () => {
    current.abort();
    const mine = new AbortController();
    current = mine;
    // Asked before, not in the query: Dexie follows what a query reads only as long as it waits for nothing else.
    const connected = (await readConnection()) !== null;
    if (mine.signal.aborted || signal.aborted) return;
    watchStore(
      async () => ({ recent: (await recentDecisions(db, connected)).map(asRow), queue: await unreviewed(db) }),
      AbortSignal.any([signal, mine.signal]),
      onReviews,
      onProblem,
    );
  };
  const watchAnew = () => void watch().catch(onProblem);
  watchConnection(signal, watchAnew);
  watchAnew();
}

/** Calls back now and whenever a decision was made or reached the server, the server's list or the connection changed, until `signal` aborts. */
export function watchWaiting(db: ReviewDb, signal: AbortSignal, onWaiting: (waiting: WaitingTickets) => void): void {
  let newest = 0;
  const look = async () => {
    const mine = ++newest;
    const connection = await readConnection();
    const leads = connection?.me.scopes.includes("lead") ?? false;
    const answer = connection && leads ? await readWaiting(connection) : null;
    // Whom the server does not answer, what was known stays: it waits on.
    if (leads && !answer) return;
    const { tickets, more } = answer ?? { tickets: [], more: 0 };
    const ids = await Promise.all(tickets.map(({ ticket }) => ticketIdOf(ticket)));
    const [seen, said] = await Promise.all([db.tickets.bulkGet(ids), tagsSaid(db, ids, connection?.me.user.id ?? "")]);
    const rows = tickets.map((row, index) => ({ ...row, url: seen[index]?.url ?? null, said: said[index] ?? [] }));
    // An older answer may come later.
    if (mine === newest && !signal.aborted) onWaiting({ rows, more });
  };
  const lookAnew = () => void look().catch((error: unknown) => console.warn("SecTag: what waits for a lead could not be read", error));
  watchConnection(signal, lookAnew);
  const changes = new BroadcastChannel(readsChannel);
  changes.onmessage = lookAnew;
  signal.addEventListener("abort", () => changes.close());
  watchStore(() => Promise.all([db.outbox.count(), db.reviews.count()]), signal, lookAnew, lookAnew);
}

function asRow({ threatType, severity, ...row }: LoggedDecision): DecisionRow {
  return {
    ...row,
    tag: { threatType: ThreatType.safeParse(threatType).data ?? null, severity: Severity.safeParse(severity).data ?? null },
  };
}
