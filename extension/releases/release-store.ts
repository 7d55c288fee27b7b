// Reads and changes the state of releases: one transaction a step, and a second copy of the highest counter outside IndexedDB.
import { z } from "zod";
import { sha256Hex } from "../../shared/hex.ts";
import type { ReleaseDb } from "./release-db.ts";
import { filesInUse, noReleases, ReleaseState } from "./release-state.ts";

/** The part of browser.storage.local that is needed. */
export interface KeyValueArea {
  get(key: string): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
}

export interface ReleaseStore {
  read(): Promise<ReleaseState>;
  /** Applies the step to the state of now, all or nothing. @returns the state that holds then. */
  change(step: (state: ReleaseState) => ReleaseState): Promise<ReleaseState>;
  /** Here and whole: one that the disk has changed is fetched again. */
  hasFile(sha256: string): Promise<boolean>;
  /** Frees what no kept release names, parts of files too, but for those of `wanted`. */
  sweep(wanted?: ReadonlySet<string>): Promise<void>;
}

const copyKey = "releases.highest";
type Highest = ReleaseState["highest"];
/** By scope: whoever comes back to a team's server finds its counters where they were. */
const Copies = z.record(z.string(), ReleaseState.shape.highest);

export function createReleaseStore(db: ReleaseDb, area: KeyValueArea): ReleaseStore {
  const readCopies = async () => Copies.safeParse((await area.get(copyKey))[copyKey]).data ?? {};
  /** A state that cannot be read any more is as good as none: the packaged model runs, and the second copy keeps old releases out. */
  const stateOf = (row: { value: unknown } | undefined): ReleaseState => ReleaseState.safeParse(row?.value).data ?? noReleases;
  const withCopy = (state: ReleaseState, copies: z.infer<typeof Copies>): ReleaseState => ({
    ...state,
    highest: higher(state.highest, copies[state.scope] ?? null),
  });
  return {
    read: async () => {
      const copies = await readCopies();
      return withCopy(stateOf(await db.state.get("state")), copies);
    },
    async change(step) {
      const copies = await readCopies();
      const next = await db.transaction("rw", db.state, async () => {
        const before = withCopy(stateOf(await db.state.get("state")), copies);
        const changed = withCopy(step(before), copies);
        await db.state.put({ key: "state", value: changed });
        return changed;
      });
      const copied = copies[next.scope]?.counter ?? 0;
      if (next.highest && next.highest.counter > copied) await area.set({ [copyKey]: { ...copies, [next.scope]: next.highest } });
      return next;
    },
    async hasFile(sha256) {
      const row = await db.files.get(sha256);
      return row !== undefined && (await sha256Hex(row.bytes)) === sha256;
    },
    sweep: (wanted = new Set()) =>
      db.transaction("rw", db.state, db.files, db.parts, async () => {
        const used = filesInUse(stateOf(await db.state.get("state")));
        const unused = (sha256: string) => !used.has(sha256) && !wanted.has(sha256);
        await db.files.bulkDelete((await db.files.toCollection().primaryKeys()).filter(unused));
        await db.parts.bulkDelete((await db.parts.toCollection().primaryKeys()).filter(([sha256]) => unused(sha256)));
      }),
  };
}

/** Of equal counters the first one's release stands. */
function higher(a: Highest, b: Highest): Highest {
  if (!a || !b) return a ?? b;
  return b.counter > a.counter ? b : a;
}
