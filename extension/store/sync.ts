// Sends what waits and fetches what is new: push until the outbox is empty, then pull. Killed anywhere, it loses and doubles nothing.
import { z } from "zod";
import { limits, type Problem, type PushResponse } from "../../shared/decisions.ts";
import type { Answer, Api, Failure } from "./api-client.ts";
import { type Account, applyPage, forgetCopies, forgetCursor, noteAccount, noteEpoch, readPull } from "./apply-page.ts";
import { dropLongKept, moveKeptClock } from "./kept.ts";
import type { Mirror } from "./mirror.ts";
import type { OutboxRow, ReviewDb } from "./review-db.ts";

export interface SyncDeps {
  db: ReviewDb;
  api: Api;
  /** Whose the API's key is. */
  account: Account;
  mirror: Mirror;
  /** Milliseconds since 1970; it may jump, and then only waiting times are wrong for a while. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Runs the work in one context only; resolves to null when another one is at it. */
  exclusive<T>(work: () => Promise<T>): Promise<T | null>;
}

/** What stands in the options page and on the badge; kept in the database. */
export const SyncStatus = z.strictObject({
  state: z.enum(["idle", "waiting", "signed-out", "refused"]),
  /** Why it waits or stopped, for a person. */
  reason: z.string(),
  /** Times tried in vain since the last success. */
  attempt: z.int().nonnegative(),
  /** No try before this; milliseconds since 1970. */
  notBefore: z.number(),
  lastSuccess: z.number().nullable(),
});
export type SyncStatus = z.infer<typeof SyncStatus>;
export const noSyncYet: SyncStatus = { state: "idle", reason: "", attempt: 0, notBefore: 0, lastSuccess: null };

const statusKey = "sync.status";
const shortestWaitMs = 800;
const firstWaitMs = 2_000;
const longestWaitMs = 300_000;
/** Without a person, a refused key or request is tried this seldom: an administrator may have mended it. */
const stoppedMs = 900_000;
/** A wait that is longer than any that is ever set comes from a clock that jumped. */
const absurdWaitMs = 3_700_000;
const mostSent = 20;

export async function readSyncStatus(db: ReviewDb): Promise<SyncStatus> {
  return SyncStatus.safeParse((await db.meta.get(statusKey))?.value).data ?? noSyncYet;
}

export interface SyncRound {
  status: SyncStatus;
  /** Something was answered or pulled: what is shown may be old. */
  changed: boolean;
}

/**
 * One round. Expected failures end it, and are kept as the status; only a broken database rejects.
 * @param force a person asks (or the network is back): a waiting time is not waited for, a stop is tried again.
 * @returns the status that holds now; null when another context is at it.
 */
export function syncOnce(deps: SyncDeps, { force = false }: { force?: boolean } = {}): Promise<SyncRound | null> {
  return deps.exclusive(async () => {
    const { db } = deps;
    const tables = [db.outbox, db.dead, db.kept, db.meta];
    // One transaction for all that a round looks at: it comes every half minute, and mostly there is nothing to do.
    const [before, seen] = await db.transaction("r", tables, () => Promise.all([readSyncStatus(db), fingerprint(db)]));
    const wait = before.notBefore - deps.now();
    if (!force && wait > 0 && wait < absurdWaitMs) return { status: before, changed: false };
    await noteAccount(db, deps.account);
    let failure = (await pushAll(deps)) ?? (await pullAll(deps));
    // Pulling may show that the server was restored: what it lacks waits again then, and is sent at once.
    if (!failure && (await db.outbox.count()) > 0) failure = await pushAll(deps);
    const after = failure ? statusAfter(failure, before, deps) : { ...noSyncYet, lastSuccess: deps.now() };
    const changed = await db.transaction("rw", tables, async () => {
      await db.meta.put({ key: statusKey, value: after });
      return seen !== (await fingerprint(db));
    });
    return { status: after, changed };
  });
}

/** Changes whenever an answer or a pulled page was noted. */
async function fingerprint(db: ReviewDb): Promise<string> {
  const [waiting, dead, pull, kept] = await Promise.all([db.outbox.count(), db.dead.count(), readPull(db), db.kept.count()]);
  return JSON.stringify([waiting, dead, kept, pull]);
}

function statusAfter(failure: Failure, before: SyncStatus, { now, random }: SyncDeps): SyncStatus {
  const attempt = before.attempt + 1;
  const reason = failure.kind === "refused" ? (failure.problem.detail ?? failure.problem.title) : "reason" in failure ? failure.reason : "";
  const common = { reason, attempt, lastSuccess: before.lastSuccess };
  if (failure.kind === "signed-out" || failure.kind === "refused") return { ...common, state: failure.kind, notBefore: now() + stoppedMs };
  // Full jitter: browsers that failed together must not come back together.
  const jittered = random() * Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempt - 1, 20));
  const asked = failure.kind === "retry" ? (failure.afterMs ?? 0) : 0;
  return { ...common, state: "waiting", notBefore: now() + Math.max(shortestWaitMs, jittered, asked) };
}

/** Sends batch after batch in the order of making. @returns what stopped it, or null when nothing waits any more. */
async function pushAll(deps: SyncDeps): Promise<Failure | null> {
  const { db, api } = deps;
  /** A batch was refused as a whole: among the first so many rows is one that the server cannot take. It is looked for by halves. */
  let suspects: number | null = null;
  for (;;) {
    const rows = await nextBatch(db, suspects === null ? limits.batch : Math.ceil(suspects / 2));
    if (rows.length === 0) return null;
    const body = JSON.stringify({ events: rows.map(({ decision }) => decision) });
    const sent = await noteSending(db, { at: deps.now(), url: api.pushUrl, body });
    const answer = await api.push(body);
    await db.sent.update(sent, { status: answer.ok ? 200 : answer.status });
    if (answer.ok) {
      if (!(await noteResults(deps, rows, answer)))
        return { kind: "retry", reason: "The server answered for none of the reviews that were sent.", afterMs: null };
      // It is behind those that were taken.
      suspects = suspects !== null && suspects > rows.length ? suspects - rows.length : null;
    } else if (answer.failure.kind !== "refused") {
      return answer.failure;
    } else if (rows.length > 1) {
      suspects = rows.length;
    } else {
      const [row] = rows;
      const { problem } = answer.failure;
      if (row) await db.transaction("rw", [db.outbox, db.dead], () => bury(db, row, problem, deps.now()));
      suspects = null;
    }
  }
}

async function nextBatch(db: ReviewDb, most: number): Promise<OutboxRow[]> {
  const rows = await db.outbox.orderBy("n").limit(most).toArray();
  // Brackets and name of the body, and a comma a row.
  let bytes = 32;
  const fits = rows.findIndex((row) => {
    bytes += row.bytes + 1;
    return bytes > limits.batchBytes;
  });
  return fits < 0 ? rows : rows.slice(0, Math.max(1, fits));
}

/** Written before the request: what left the machine is told even when nobody answers. */
async function noteSending(db: ReviewDb, sent: { at: number; url: string; body: string }): Promise<number> {
  return db.transaction("rw", db.sent, async () => {
    const n = await db.sent.add({ ...sent, status: null });
    const last = Number(n);
    await db.sent
      .where("n")
      .belowOrEqual(last - mostSent)
      .delete();
    return last;
  });
}

/** One transaction: the answers, and the going of the rows that were answered. @returns whether any was. */
async function noteResults(
  { db, mirror, now }: SyncDeps,
  rows: readonly OutboxRow[],
  answer: Answer<PushResponse> & { ok: true },
): Promise<boolean> {
  const { epoch, results } = answer.value;
  const at = answer.serverTime ?? now();
  const stored: string[] = [];
  let answered = 0;
  await db.transaction("rw", [db.reviews, db.outbox, db.kept, db.dead, db.meta, db.shadow], async () => {
    await noteEpoch(db, epoch);
    const time = await moveKeptClock(db, at, now());
    for (const [index, row] of rows.entries()) {
      const result = results[index];
      // An answer for another id than the one asked about answers nothing: the row waits on.
      if (!result || result.id !== row.id) continue;
      answered++;
      const { id, bytes, decision } = row;
      if (result.status === "rejected") {
        await bury(db, row, result.problem, at);
        continue;
      }
      await db.reviews.where({ id }).modify({ seq: result.seq });
      await db.kept.put({ id, bytes, decision, ackedAt: time });
      await db.outbox.where({ id }).delete();
      stored.push(id);
    }
    await dropLongKept(db, time);
  });
  await mirror.remove(stored);
  return answered > 0;
}

/** In a transaction over `outbox` and `dead`. */
async function bury(db: ReviewDb, { id, bytes, decision }: OutboxRow, problem: Problem, at: number): Promise<void> {
  // Where locks let two contexts in, the other one may have heard better of it meanwhile.
  if ((await db.outbox.where({ id }).delete()) === 0) return;
  await db.dead.put({ id, bytes, decision, problem, at });
}

/** Fetches page after page. @returns what stopped it, or null when there is no more. */
async function pullAll({ db, api, mirror }: SyncDeps): Promise<Failure | null> {
  for (;;) {
    const pull = await readPull(db);
    const at = pull.cursor ?? pull.shadowCursor;
    const answer = await api.pull(at, limits.page);
    if (answer.ok) {
      await forgetCopies(db, mirror, answer.value.events);
      const taken = await applyPage(db, pull, answer.value);
      if (taken && !answer.value.more) return null;
      continue;
    }
    const { failure } = answer;
    if (failure.kind !== "other-epoch" && failure.kind !== "refused") return failure;
    if (at === null)
      return failure.kind === "refused" ? failure : { kind: "retry", reason: "The server's history is changing.", afterMs: null };
    // The cursor is of another history, or one that the server does not know: from the beginning, beside what is shown.
    await db.transaction("rw", [db.meta, db.shadow], () => forgetCursor(db));
  }
}
