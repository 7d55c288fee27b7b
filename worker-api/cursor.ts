// The opaque place in the history: which history, behind which row, for whom; signed, so that nobody makes one up.
import { inArray } from "drizzle-orm";
import { z } from "zod";
import { refuse } from "./problem.ts";
import { type Database, meta } from "./schema.ts";

const Place = z.strictObject({
  epoch: z.string(),
  seq: z.int().nonnegative(),
  /** Who reads: org and user, or org and `export`. */
  reader: z.string(),
  /** What that reader may see; a promotion changes it. */
  sees: z.enum(["own", "all"]),
});
type Place = z.infer<typeof Place>;

/** What names and signs the server's history. */
export interface History {
  epoch: string;
  secret: string;
}

export const historyQuery = (db: Database) =>
  db
    .select()
    .from(meta)
    .where(inArray(meta.key, ["epoch", "secret"]));

export function historyOf(rows: { key: string; value: string }[]): History {
  const value = (key: string) => rows.find((row) => row.key === key)?.value ?? "";
  return { epoch: value("epoch"), secret: value("secret") };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const toBase64Url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const fromBase64Url = (text: string) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const signingKey = (secret: string) =>
  crypto.subtle.importKey("raw", bytesOf(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);

export async function writeCursor(place: Place, secret: string): Promise<string> {
  const body = bytesOf(JSON.stringify(place));
  const signature = await crypto.subtle.sign("HMAC", await signingKey(secret), body);
  return `${toBase64Url(body)}.${toBase64Url(new Uint8Array(signature))}`;
}

/** @returns the row behind which to read on. Refuses: forged or another reader's -> 400; another history, or another view of it -> 410. */
export async function readCursor(cursor: string, reader: Omit<Place, "seq" | "epoch">, { epoch, secret }: History): Promise<number> {
  const place = await verified(cursor, secret);
  if (place?.reader !== reader.reader) return refuse("invalid-cursor", "Leave `after` out to read from the beginning.");
  if (place.epoch !== epoch)
    return refuse("history-changed", "The server was restored. Read from the beginning, without `after`, and push again what you kept.");
  if (place.sees !== reader.sees)
    return refuse("history-changed", "What this key may see has changed. Read from the beginning, without `after`.");
  return place.seq;
}

async function verified(cursor: string, secret: string): Promise<Place | null> {
  const [body, signature] = cursor.split(".");
  if (!body || !signature || !/^[\w-]+\.[\w-]+$/.test(cursor)) return null;
  try {
    const bytes = fromBase64Url(body);
    if (!(await crypto.subtle.verify("HMAC", await signingKey(secret), fromBase64Url(signature), bytes))) return null;
    return Place.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    // Not base64 after all; what we signed ourselves always parses.
    if (error instanceof DOMException) return null;
    throw error;
  }
}
