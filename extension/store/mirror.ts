// The second copy of what is not sent yet, outside IndexedDB: a database that is lost or broken loses no decision.
import { Decision } from "../../shared/decisions.ts";
import { byteLength, viewOf } from "./prepare-decision.ts";
import type { ReviewDb } from "./review-db.ts";
import { ticketIdOf } from "./ticket-id.ts";

/** The part of browser.storage.local that is needed. */
export interface KeyValueArea {
  get(keys: null): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
  remove(keys: string[]): Promise<void>;
}

export interface Mirror {
  put(decision: Decision): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  all(): Promise<Decision[]>;
}

const prefix = "outbox.";

export function createMirror(area: KeyValueArea): Mirror {
  return {
    put: (decision) => area.set({ [prefix + decision.id]: decision }),
    remove: (ids) => (ids.length > 0 ? area.remove(ids.map((id) => prefix + id)) : Promise.resolve()),
    async all() {
      const rows = Object.entries(await area.get(null)).filter(([key]) => key.startsWith(prefix));
      // A row that cannot be read stays where it is: throwing it away would be the loss that the copy is against.
      return rows.flatMap(([, value]) => Decision.safeParse(value).data ?? []);
    },
  };
}

/**
 * Brings database and copy together, once after opening: what only the copy has goes back into the outbox, what the server has
 * leaves the copy, what waits without a copy gets one. @returns how many decisions were brought back.
 */
export async function reconcile(db: ReviewDb, mirror: Mirror): Promise<number> {
  const copies = await mirror.all();
  const copied = new Set(copies.map(({ id }) => id));
  const ids = [...copied];
  const known = new Set((await db.reviews.where("id").anyOf(ids).toArray()).map(({ id }) => id));
  const waiting = await db.outbox.toArray();
  const unanswered = new Set([...waiting.map(({ id }) => id), ...(await db.dead.toCollection().primaryKeys())]);
  const lost = copies.filter(({ id }) => !known.has(id));
  const ticketIds = await Promise.all(lost.map(({ ticket }) => ticketIdOf(ticket)));
  await db.transaction("rw", [db.reviews, db.outbox], async () => {
    for (const [index, decision] of lost.entries()) {
      await db.reviews.add({
        id: decision.id,
        ticketId: ticketIds[index] ?? "",
        seq: null,
        local: true,
        reviewer: null,
        decision: viewOf(decision),
      });
      await db.outbox.add({ id: decision.id, bytes: byteLength(decision), decision });
    }
  });
  await mirror.remove(ids.filter((id) => known.has(id) && !unanswered.has(id)));
  for (const { id, decision } of waiting) if (!copied.has(id)) await mirror.put(decision);
  return lost.length;
}
