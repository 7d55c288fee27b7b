// Watches a browser's place in the server's history: within one history it may only go on, or begin anew.
import { z } from "zod";
import type { RawTransaction } from "./idb-hooks.ts";
import type { Profile } from "./profile.ts";

const PullRow = z.looseObject({ key: z.literal("pull"), value: z.looseObject({ cursor: z.string().nullable() }) });
const Place = z.looseObject({ epoch: z.string(), seq: z.number() });

export interface CursorWatch {
  /** After a commit. */
  look(transaction: RawTransaction): void;
  /** The disk is another one now: older places may come back. */
  forget(): void;
}

/** @param tell is told of each step back. */
export function watchCursor(profile: Profile, tell: (fault: string) => void): CursorWatch {
  let last: z.infer<typeof Place> | null = null;
  return {
    look({ mode, _scope: scope }) {
      if (mode !== "readwrite" || !scope.has("meta")) return;
      const row = profile.rows("meta").flatMap((value) => PullRow.safeParse(value).data ?? [])[0];
      const place = placeOf(row?.value.cursor ?? null);
      if (place && last && place.epoch === last.epoch && place.seq < last.seq)
        tell(`${profile.name}'s cursor went back from ${last.seq} to ${place.seq}`);
      last = place;
    },
    forget() {
      last = null;
    },
  };
}

/** What the server wrote into the cursor; null when it is not one of its own. */
function placeOf(cursor: string | null): z.infer<typeof Place> | null {
  if (cursor === null) return null;
  try {
    return Place.safeParse(JSON.parse(Buffer.from(cursor.split(".")[0] ?? "", "base64url").toString())).data ?? null;
  } catch {
    return null; // Spoilt on purpose: the server will refuse it.
  }
}
