// What the extension's own pages read from the API itself: what waits for a lead. Labels and history come by the sync.
import { Waiting } from "../../shared/decisions.ts";
import type { Connection } from "./connection.ts";

/** Told when the server's answer to a read is another one than the cached one that the page got. */
export const readsChannel = "sectag-reads";

/**
 * What waits for this lead's ruling; null when the server does not answer and nothing is cached. The background answers from its cache
 * first, and tells on `readsChannel` when the server says something else since.
 */
export async function readWaiting({ baseUrl, key }: Connection): Promise<Waiting | null> {
  try {
    const response = await fetch(`${baseUrl}/v1/waiting`, {
      headers: { authorization: `Bearer ${key}` },
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(15_000),
    });
    return response.ok ? (Waiting.safeParse(await response.json()).data ?? null) : null;
  } catch {
    return null; // Off line, and never read before: the page says nothing about it.
  }
}
