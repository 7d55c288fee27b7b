// Damage to single rows on a browser's disk, past the code under test.
import { z } from "zod";
import { idOf } from "./books.ts";
import type { Browser } from "./browser.ts";
import type { World } from "./world.ts";

const OutboxRow = z.looseObject({ id: z.string(), decision: z.looseObject({ labelsVersion: z.unknown() }) });
const PullRow = z.looseObject({ key: z.literal("pull"), value: z.looseObject({ cursor: z.string() }) });

/** A waiting decision becomes one that the server must refuse. @returns whether one waited. */
export function spoilRow({ books, random }: World, { profile }: Browser): boolean {
  const rows = profile.rows("outbox").filter((row) => OutboxRow.safeParse(row).success);
  if (rows.length === 0) return false;
  const row = random.pick(rows);
  const { id } = OutboxRow.parse(row);
  // The row as it lies in the store, not a copy of it.
  Object.assign(Object(Reflect.get(Object(row), "decision")), { labelsVersion: -1 });
  const entry = books.entries.get(id);
  if (entry) entry.spoilt = true;
  return true;
}

/** From now on somebody on the way refuses whatever has this waiting decision in it. @returns its id; null when none waits. */
export function refuseRow({ books, random, network }: World, { profile }: Browser): string | null {
  const ids = profile.rows("outbox").flatMap(idOf);
  if (ids.length === 0) return null;
  const id = random.pick(ids);
  network.refused.add(id);
  const entry = books.entries.get(id);
  if (entry) entry.spoilt = true;
  return id;
}

/** The place in the history becomes one that the server never gave. @returns whether there was one. */
export function spoilCursor({ random }: World, { profile }: Browser): boolean {
  for (const row of profile.rows("meta")) {
    const parsed = PullRow.safeParse(row);
    if (!parsed.success) continue;
    const { cursor } = parsed.data.value;
    const at = random.int(cursor.length);
    Object.assign(Object(Reflect.get(Object(row), "value")), {
      cursor: `${cursor.slice(0, at)}${cursor[at] === "A" ? "B" : "A"}${cursor.slice(at + 1)}`,
    });
    return true;
  }
  return false;
}
