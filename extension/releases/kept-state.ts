// Reads and changes the state of what was signed: one transaction a step, and a second copy of the highest counter outside IndexedDB.
import { z } from "zod";
import { Sha256 } from "../../shared/contract.ts";
import type { ReleaseDb, StateRow } from "./release-db.ts";

/** The part of browser.storage.local that is needed. */
export interface KeyValueArea {
  get(key: string): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
}

/** The highest counter that was believed, and which one that was: nothing lower, and no other one of this number, is taken. */
export const Highest = z.strictObject({ counter: z.int().positive(), digest: Sha256 }).nullable();
type Highest = z.infer<typeof Highest>;
/** By scope: whoever comes back to a team's server finds its counters where they were. */
const Copies = z.record(z.string(), Highest);

export interface KeptState<S> {
  read(): Promise<S>;
  /** Applies the step to the state of now, all or nothing. @returns the state that holds then. */
  change(step: (state: S) => S): Promise<S>;
}

interface Kept<S> {
  db: ReleaseDb;
  area: KeyValueArea;
  row: Extract<StateRow["key"], "state" | "pack">;
  /** Key of the second copy in `area`. */
  copyKey: string;
  shape: z.ZodType<S>;
  /** What a state that cannot be read any more is as good as: the second copy keeps the old ones out. */
  none: S;
}

export function keptState<S extends { scope: string; highest: Highest }>({ db, area, row, copyKey, shape, none }: Kept<S>): KeptState<S> {
  const readCopies = async () => Copies.safeParse((await area.get(copyKey))[copyKey]).data ?? {};
  const readRow = async () => shape.safeParse((await db.state.get(row))?.value).data ?? none;
  const withCopy = (state: S, copies: z.infer<typeof Copies>): S => ({
    ...state,
    highest: higher(state.highest, copies[state.scope] ?? null),
  });
  return {
    read: async () => {
      const copies = await readCopies();
      return withCopy(await readRow(), copies);
    },
    async change(step) {
      const copies = await readCopies();
      const next = await db.transaction("rw", db.state, async () => {
        const changed = withCopy(step(withCopy(await readRow(), copies)), copies);
        await db.state.put({ key: row, value: changed });
        return changed;
      });
      const copied = copies[next.scope]?.counter ?? 0;
      if (next.highest && next.highest.counter > copied) await area.set({ [copyKey]: { ...copies, [next.scope]: next.highest } });
      return next;
    },
  };
}

/** Of equal counters the first one's release stands. */
function higher(a: Highest, b: Highest): Highest {
  if (!a || !b) return a ?? b;
  return b.counter > a.counter ? b : a;
}
