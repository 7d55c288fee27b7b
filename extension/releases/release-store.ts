// The state of releases, and their files in the database.
import { sha256Hex } from "../../shared/hex.ts";
import { type KeptState, type KeyValueArea, keptState } from "./kept-state.ts";
import type { ReleaseDb } from "./release-db.ts";
import { filesInUse, noReleases, ReleaseState } from "./release-state.ts";

export interface ReleaseStore extends KeptState<ReleaseState> {
  /** Here and whole: one that the disk has changed is fetched again. */
  hasFile(sha256: string): Promise<boolean>;
  /** Frees what no kept release names, parts of files too, but for those of `wanted`. */
  sweep(wanted?: ReadonlySet<string>): Promise<void>;
}

export function createReleaseStore(db: ReleaseDb, area: KeyValueArea): ReleaseStore {
  const state = keptState({ db, area, row: "state", copyKey: "releases.highest", shape: ReleaseState, none: noReleases });
  return {
    ...state,
    async hasFile(sha256) {
      const row = await db.files.get(sha256);
      return row !== undefined && (await sha256Hex(row.bytes)) === sha256;
    },
    sweep: (wanted = new Set()) =>
      db.transaction("rw", db.state, db.files, db.parts, async () => {
        const used = filesInUse(ReleaseState.safeParse((await db.state.get("state"))?.value).data ?? noReleases);
        const unused = (sha256: string) => !used.has(sha256) && !wanted.has(sha256);
        await db.files.bulkDelete((await db.files.toCollection().primaryKeys()).filter(unused));
        await db.parts.bulkDelete((await db.parts.toCollection().primaryKeys()).filter(([sha256]) => unused(sha256)));
      }),
  };
}
