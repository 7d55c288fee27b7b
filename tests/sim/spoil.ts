// Damage to single rows on a browser's disk, past the code under test.
import { z } from "zod";
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
