// Takes in what the server's history says: page after page behind a cursor, or all of it anew beside the old picture, which it then replaces.
import { z } from "zod";
import type { Decision, DecisionView, EventPage, StoredEvent } from "../../shared/decisions.ts";
import { readKeptClock } from "./kept.ts";
import type { Mirror } from "./mirror.ts";
import { byteLength } from "./prepare-decision.ts";
import type { ReviewDb, ReviewRow } from "./review-db.ts";
import { ticketIdOf } from "./ticket-id.ts";

/** `cursor` is behind what `reviews` has; null: nothing is complete yet, and `shadowCursor` is behind what `shadow` has. */
const Pull = z.strictObject({ cursor: z.string().nullable(), shadowCursor: z.string().nullable() });
type Pull = z.infer<typeof Pull>;

/** Who is connected, and at whose server. */
const Account = z.strictObject({ org: z.string(), user: z.string() });
export type Account = z.infer<typeof Account>;

const fromTheBeginning: Pull = { cursor: null, shadowCursor: null };

/** Where to go on pulling: into the shadow while no history is complete. */
export async function readPull(db: ReviewDb): Promise<Pull> {
  return Pull.safeParse((await db.meta.get("pull"))?.value).data ?? fromTheBeginning;
}

/** The history is read from its beginning again. In a transaction over `meta` and `shadow`. */
export async function forgetCursor(db: ReviewDb): Promise<void> {
  await db.meta.put({ key: "pull", value: fromTheBeginning });
  await db.shadow.clear();
}

/**
 * Notes who this is, and at whose server. As somebody else, or at another org's, the history is read from its beginning, and what the one
 * before had sent is not sent again.
 */
export async function noteAccount(db: ReviewDb, account: Account): Promise<void> {
  await db.transaction("rw", [db.meta, db.shadow, db.kept, db.reviews], async () => {
    const known = await readAccount(db);
    if (known?.org === account.org && known.user === account.user) return;
    await db.meta.put({ key: "account", value: account });
    if (!known) return;
    await db.reviews.filter(({ local, seq }) => local && seq !== null).modify({ doubt: "elsewhere" });
    await Promise.all([db.kept.clear(), db.meta.delete("epoch"), forgetCursor(db)]);
  });
}

async function readAccount(db: ReviewDb): Promise<Account | null> {
  return Account.safeParse((await db.meta.get("account"))?.value).data ?? null;
}

/**
 * Notes which history the server has. When it is another one than before (restored from a backup), everything that is still kept is sent
 * again and the history is read anew: what is not kept any more may be in it. In a transaction over `meta`, `shadow`, `kept`, `outbox`, `reviews`. @returns whether it is another one.
 */
export async function noteEpoch(db: ReviewDb, epoch: string): Promise<boolean> {
  const known = (await db.meta.get("epoch"))?.value;
  if (known === epoch) return false;
  await db.meta.put({ key: "epoch", value: epoch });
  if (known === undefined) return false;
  await forgetCursor(db);
  const kept = await db.kept.orderBy("id").toArray();
  const waiting = new Set((await db.outbox.toArray()).map(({ id }) => id));
  await db.outbox.bulkAdd(kept.filter(({ id }) => !waiting.has(id)).map(({ id, bytes, decision }) => ({ id, bytes, decision })));
  await db.reviews
    .where("id")
    .anyOf(kept.map(({ id }) => id))
    .modify({ seq: null });
  await db.kept.clear();
  const me = (await readAccount(db))?.user;
  // A lead's history has what others decided in this very browser: it is theirs to send.
  const mine = ({ local, seq, doubt, reviewer }: ReviewRow) => local && seq !== null && !doubt && (reviewer?.id ?? me) === me;
  await db.reviews.filter(mine).modify({ doubt: "unsure" });
  return true;
}

/** What the restored server's whole history lacks although it once had it is sent again. Its words were given up to save space; what was decided is left. */
async function sendLacking(db: ReviewDb): Promise<void> {
  const lacking = db.reviews.filter(({ doubt }) => doubt === "unsure");
  const decisions = (await lacking.toArray()).map(({ decision }) => wordless(decision));
  await db.outbox.bulkAdd(decisions.map((decision) => ({ id: decision.id, bytes: byteLength(decision), decision })));
  await lacking.modify({ seq: null, doubt: null });
}

/** One transaction: a page's events and the cursor behind them. @returns false when it was not taken: another history, or another context was quicker. */
export async function applyPage(db: ReviewDb, pull: Pull, page: EventPage): Promise<boolean> {
  const rows = await Promise.all(page.events.map(rowOf));
  return db.transaction("rw", [db.reviews, db.shadow, db.outbox, db.kept, db.dead, db.sent, db.meta], async () => {
    // Where locks exclude nobody, another context may have gone on since: this page would then be taken for the end of a history that it is not.
    const now = await readPull(db);
    if (now.cursor !== pull.cursor || now.shadowCursor !== pull.shadowCursor) return false;
    // The page of another history than the cursor's is no continuation of it.
    if ((await noteEpoch(db, page.epoch)) && (pull.cursor ?? pull.shadowCursor) !== null) return false;
    if (pull.cursor !== null) {
      await takeIn(db, rows);
      await db.meta.put({ key: "pull", value: { cursor: page.next, shadowCursor: null } });
      return true;
    }
    await putBeside(db, rows);
    if (page.more) {
      await db.meta.put({ key: "pull", value: { cursor: null, shadowCursor: page.next } });
      return true;
    }
    await db.reviews.filter(({ local }) => !local).delete();
    const all = await db.shadow.orderBy("n").toArray();
    await takeIn(
      db,
      all.map(({ n: _n, ...row }) => row),
    );
    await sendLacking(db);
    await db.shadow.clear();
    await db.meta.put({ key: "pull", value: { cursor: page.next, shadowCursor: null } });
    return true;
  });
}

type Pulled = Omit<ReviewRow, "n"> | { erased: string };

async function rowOf(event: StoredEvent): Promise<Pulled> {
  if (event.kind === "erased") return { erased: event.ticketId };
  const { decision, reviewer, seq } = event;
  const serverTime = Date.parse(event.serverTime);
  return { id: decision.id, ticketId: await ticketIdOf(decision.ticket), seq, local: false, reviewer, decision, serverTime };
}

async function takeIn(db: ReviewDb, rows: readonly Pulled[]): Promise<void> {
  for (const row of rows) {
    if ("erased" in row) {
      await forgetWords(db, row.erased);
      continue;
    }
    const known = await db.reviews.get({ id: row.id });
    // What was made here stays as it was made; the server adds its order and who it takes the person for.
    if (known?.n !== undefined)
      await db.reviews.update(known.n, {
        ...{ seq: row.seq, reviewer: row.reviewer, decision: known.local ? known.decision : row.decision },
        doubt: null,
      });
    else await db.reviews.add(row);
    // What the server has was not refused after all, and need not be sent (again); unless the server is restored to before it.
    const payload = (await db.outbox.where({ id: row.id }).first()) ?? (await db.dead.get(row.id));
    if (!payload) continue;
    const { id, bytes, decision } = payload;
    await db.kept.put({ id, bytes, decision, ackedAt: (await readKeptClock(db))?.time ?? row.serverTime ?? 0 });
    await db.outbox.where({ id }).delete();
    await db.dead.delete(id);
  }
}

async function putBeside(db: ReviewDb, rows: readonly Pulled[]): Promise<void> {
  for (const row of rows) {
    if ("erased" in row) {
      await db.shadow.filter(({ ticketId }) => ticketId === row.erased).modify(withoutWords);
      await forgetWords(db, row.erased);
      continue;
    }
    await db.shadow.where({ id: row.id }).delete();
    await db.shadow.add(row);
  }
}

/** A ticket was erased: its words go from every table that has them; what was decided stays. */
async function forgetWords(db: ReviewDb, ticketId: string): Promise<void> {
  const ids = (await db.reviews.where({ ticketId }).toArray()).map(({ id }) => id);
  await db.reviews.where({ ticketId }).modify(withoutWords);
  // Without its words it can still be sent (again): what was decided must not be lost.
  const forget = (row: { decision: Decision }) => {
    row.decision = wordless(row.decision);
  };
  await db.kept.where("id").anyOf(ids).modify(forget);
  await db.outbox.where("id").anyOf(ids).modify(forget);
  await db.dead.where("id").anyOf(ids).modify(forget);
  await db.sent.filter(({ body }) => ids.some((id) => body.includes(id))).delete();
}

/** The words of erased tickets go from the second copies too. Before the page is taken: a copy may know less than the database, not more. */
export async function forgetCopies(db: ReviewDb, mirror: Mirror, events: readonly StoredEvent[]): Promise<void> {
  const erased = new Set(events.flatMap((event) => (event.kind === "erased" ? [event.ticketId] : [])));
  if (erased.size === 0) return;
  for (const { decision } of [...(await db.outbox.toArray()), ...(await db.dead.toArray())])
    if (erased.has(await ticketIdOf(decision.ticket))) await mirror.put(wordless(decision));
}

const wordless = (decision: Decision | DecisionView): Decision => ({
  ...decision,
  blocks: decision.blocks.map(({ role }) => ({ role, text: "" })),
  final: decision.final && { ...decision.final, spans: [] },
});

function withoutWords(row: ReviewRow): void {
  if (row.decision.final) row.decision = { ...row.decision, final: { ...row.decision.final, spans: [] } };
}
