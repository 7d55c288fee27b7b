// How long payloads stay after the server has them: by a clock that no jump of another clock can hurry.
import { z } from "zod";
import type { ReviewDb } from "./review-db.ts";

/** `time` is that clock; the other two are what the server's and this machine's clock said when it was last moved. Milliseconds. */
const KeptClock = z.strictObject({ time: z.number(), server: z.number(), here: z.number() });

const dayMs = 86_400_000;
/** The server may be restored from a backup that is as old. */
const keptForMs = 14 * dayMs;

/** In a transaction over `meta`. @returns null before the first answer. */
export async function readKeptClock(db: ReviewDb): Promise<z.infer<typeof KeptClock> | null> {
  return KeptClock.safeParse((await db.meta.get("kept.clock"))?.value).data ?? null;
}

/**
 * Moves the clock by what both clocks say has passed since the last answer, but never by more than a day: clocks that jump together cannot
 * drop what was sent an hour ago; a fortnight of answers can. In a transaction over `meta`. @returns the time it is now.
 */
export async function moveKeptClock(db: ReviewDb, server: number, here: number): Promise<number> {
  const last = await readKeptClock(db);
  const passed = last ? Math.min(dayMs, Math.max(0, Math.min(server - last.server, here - last.here))) : 0;
  const time = (last?.time ?? Math.min(server, here)) + passed;
  await db.meta.put({ key: "kept.clock", value: { time, server, here } });
  return time;
}

/** In a transaction over `kept`. */
export async function dropLongKept(db: ReviewDb, time: number): Promise<void> {
  await db.kept
    .where("ackedAt")
    .below(time - keptForMs)
    .delete();
}
