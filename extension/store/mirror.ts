// The second copy of what is not sent yet, outside IndexedDB: a database that is lost or broken loses no decision.
import { z } from "zod";
import { TicketRef } from "../../shared/contract.ts";
import { Decision, DecisionId, type Problem } from "../../shared/decisions.ts";
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
  all(): Promise<Copies>;
}

interface Copies {
  whole: Decision[];
  /** Those that are no decisions any more; as much as is needed to show them. */
  damaged: Damaged[];
}

const Damaged = z.looseObject({
  id: DecisionId,
  ticket: z.looseObject(TicketRef.shape),
  clientTime: z.iso.datetime(),
});
type Damaged = z.infer<typeof Damaged>;

const prefix = "outbox.";

export function createMirror(area: KeyValueArea): Mirror {
  return {
    put: (decision) => area.set({ [prefix + decision.id]: decision }),
    remove: (ids) => (ids.length > 0 ? area.remove(ids.map((id) => prefix + id)) : Promise.resolve()),
    async all() {
      const copies: Copies = { whole: [], damaged: [] };
      for (const [key, value] of Object.entries(await area.get(null))) {
        if (!key.startsWith(prefix)) continue;
        const whole = Decision.safeParse(value).data;
        if (whole) copies.whole.push(whole);
        // What cannot even be shown stays where it is: throwing it away would be the loss that the copy is against.
        else copies.damaged.push(...[Damaged.safeParse(value).data ?? []].flat());
      }
      return copies;
    },
  };
}

/**
 * Brings database and copy together, once after opening: what only the copy has goes back into the outbox, or to the refused ones when it
 * is damaged; what the server has leaves the copy, what waits without a copy gets one. @returns how many were brought back whole, and damaged.
 */
export async function reconcile(db: ReviewDb, mirror: Mirror): Promise<{ whole: number; damaged: number }> {
  const copies = await mirror.all();
  const ids = [...copies.whole, ...copies.damaged].map(({ id }) => id);
  const copied = new Set(ids);
  const known = new Set((await db.reviews.where("id").anyOf(ids).toArray()).map(({ id }) => id));
  const waiting = await db.outbox.toArray();
  const unanswered = new Set([...waiting.map(({ id }) => id), ...(await db.dead.toCollection().primaryKeys())]);
  const lost = copies.whole.filter(({ id }) => !known.has(id));
  const damaged = copies.damaged.filter(({ id }) => !known.has(id) && !unanswered.has(id));
  const ticketIds = await Promise.all(lost.map(({ ticket }) => ticketIdOf(ticket)));
  await db.transaction("rw", [db.reviews, db.outbox, db.dead], async () => {
    // It is shown with its ticket and kept as a file; nothing else reads it before the server has judged it.
    for (const row of damaged) {
      const decision = row as unknown as Decision;
      await db.dead.put({ id: row.id, bytes: byteLength(row), decision, problem: copyDamaged, at: Date.parse(row.clientTime) });
    }
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
  const moved = damaged.map(({ id }) => id);
  await mirror.remove([...moved, ...ids.filter((id) => known.has(id) && !unanswered.has(id))]);
  for (const { id, decision } of waiting) if (!copied.has(id)) await mirror.put(decision);
  return { whole: lost.length, damaged: damaged.length };
}

const copyDamaged: Problem = {
  type: "urn:sectag:problem:copy-damaged",
  title: "The review is damaged",
  status: 422,
  detail: "The reviews' database was lost, and the second copy of this one is damaged. Decide about the ticket once more.",
};
