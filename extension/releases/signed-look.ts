// What every look for something signed has in common: the server's answer under a cap and by ETag, and what its claims mean here and now.
import { z } from "zod";
import { releaseLimits } from "../../shared/release.ts";
import { DownloadError, openStream, readAtMost, type Source } from "./download.ts";
import type { ReleaseDb, StateRow } from "./release-db.ts";

/** The look ends here, and `code` says how: one of `LookCode` or `PackLookCode`. */
export class Stop extends Error {
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

const KeptAnswer = z.strictObject({ from: z.string(), etag: z.string().max(300), body: z.string() });

interface Question {
  db: ReleaseDb;
  /** Null while no server is connected. */
  source: Source | null;
  /** Nobody asks who would believe nothing. */
  keys: readonly string[];
  path: string;
  /** Row in which the answer is kept with its ETag. */
  keep: Extract<StateRow["key"], "answer" | "packAnswer">;
  most: number;
}

/** The server's answer, under a cap; from the store when the server says that it is still the same. @throws Stop. */
export async function askServer({ db, source, keys, path, keep, most }: Question): Promise<{ body: string; serverTime: number | null }> {
  if (!source) throw new Stop("not_connected", "");
  if (keys.length === 0) throw new Stop("no_keys", "");
  const from = source.baseUrl + path;
  const row = KeptAnswer.safeParse((await db.state.get(keep))?.value);
  const kept = row.success && row.data.from === from ? row.data : null;
  try {
    const stream = await openStream(source, path, { accept: "application/json", ...(kept ? { "if-none-match": kept.etag } : {}) });
    const { status, headers } = stream.response;
    const date = Date.parse(headers.get("date") ?? "");
    const serverTime = Number.isFinite(date) ? date : null;
    const bytes = await readAtMost(stream, most);
    if (status === 304 && kept) return { body: kept.body, serverTime };
    if (status === 404) throw new Stop("nothing_published", "");
    if (status !== 200) throw new Stop("offline", `The server answered ${status}`);
    const body = new TextDecoder().decode(bytes);
    const etag = headers.get("etag");
    if (etag && etag.length <= 300) await db.state.put({ key: keep, value: { from, etag, body } });
    return { body, serverTime };
  } catch (error) {
    if (error instanceof DownloadError) throw new Stop(error.code === "longer" ? "unknown_answer" : "offline", error.message);
    throw error;
  }
}

interface Claims {
  counter: number;
  minApp: string;
  expires: string;
}

interface Here {
  /** Version of the extension. */
  app: string;
  /** The highest counter that was believed, and which one that was. */
  highest: { counter: number; digest: string } | null;
  /** Milliseconds since 1970 by this machine's clock, and by the server's. */
  now: number;
  serverTime: number | null;
}

/** App, counter and expiry, in this order. @throws Stop. */
export function judgeClaims({ counter, minApp, expires }: Claims, digest: string, { app, highest, now, serverTime }: Here): void {
  if (!atLeast(app, minApp)) throw new Stop("newer_app", `It needs SecTag ${minApp}`);
  const { counter: before, digest: known } = highest ?? { counter: 0, digest: "" };
  if (counter < before) throw new Stop("replayed", `Number ${before} was here before`);
  if (counter === before && digest !== known) throw new Stop("two_of_one", "Another one of the same number was here before");
  if (counter > before + releaseLimits.counterStep) throw new Stop("too_far", `The highest one before is ${before}`);
  // A clock that was set back must not bring back what has expired.
  if (Math.max(now, serverTime ?? 0) > Date.parse(expires)) throw new Stop("stale", expires);
}

/** Compares versions of the form 1.2.3. */
export function atLeast(version: string, least: string): boolean {
  const [have, need] = [version, least].map((text) => text.split(".").map(Number));
  for (let at = 0; at < 3; at++) {
    const difference = (have?.[at] ?? 0) - (need?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // The schema says so.
  }
}
