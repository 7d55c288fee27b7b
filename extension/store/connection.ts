// The connection to an API: made from a one-time pairing link, kept for the extension's own contexts only.
import { browser } from "wxt/browser";
import { z } from "zod";
import { Me, PairResponse, Problem } from "../../shared/decisions.ts";

const storageKey = "connection";

export const Connection = z.strictObject({
  /** Without a slash at the end. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  key: z.string().min(20),
  me: Me,
  since: z.iso.datetime(),
});
export type Connection = z.infer<typeof Connection>;

export async function readConnection(): Promise<Connection | null> {
  const stored = await browser.storage.local.get(storageKey);
  return Connection.safeParse(stored[storageKey]).data ?? null;
}

/** Calls back when the connection was made or cut, until `signal` aborts. */
export function watchConnection(signal: AbortSignal, onChange: () => void): void {
  const listener = (changes: Record<string, unknown>) => {
    if (storageKey in changes) onChange();
  };
  browser.storage.local.onChanged.addListener(listener);
  signal.addEventListener("abort", () => browser.storage.local.onChanged.removeListener(listener));
}

/** What a pairing link says: `https://sectag.corp.example/pair#CODE`. @throws Error that says what a link looks like. */
export function parsePairingLink(link: string): { baseUrl: string; code: string } {
  const url = URL.parse(link.trim());
  const code = url?.hash.slice(1) ?? "";
  const local = url && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (!url || !/\/pair\/?$/.test(url.pathname) || code.length < 20)
    throw new Error(
      "This is no pairing link. It looks like https://sectag.example/pair#CODE: the server prints it at its first start, or an administrator makes one.",
    );
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local))
    throw new Error("A server on another machine must be reached over https, or the reviews could be read on the way.");
  return { baseUrl: url.origin + url.pathname.replace(/\/pair\/?$/, ""), code };
}

/**
 * Gives the link's code for a key, and keeps it. A code works once.
 * @throws Error with the server's words, or that it could not be reached.
 */
export async function connect(link: string, now: () => number = Date.now): Promise<Connection> {
  const { baseUrl, code } = parsePairingLink(link);
  let response: Response;
  try {
    response = await fetch(`${baseUrl}/v1/pair`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code, client: `SecTag ${browser.runtime.getManifest().version}` }),
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(20_000),
    });
  } catch {
    throw new Error(`${baseUrl} does not answer. Is the server running, and does it allow this extension (its SECTAG_ORIGINS)?`);
  }
  const body: unknown = await response.json().catch(() => null);
  const problem = Problem.safeParse(body);
  if (!response.ok)
    throw new Error(problem.success ? (problem.data.detail ?? problem.data.title) : `The server answered ${response.status}.`);
  const paired = PairResponse.safeParse(body);
  if (!paired.success) throw new Error("The server's answer is not one that this version of SecTag knows.");
  const connection: Connection = { baseUrl, ...paired.data, since: new Date(now()).toISOString() };
  await browser.storage.local.set({ [storageKey]: connection });
  return connection;
}

/** Nothing leaves any more. Reviews stay here; the key should be revoked on the server too. */
export async function disconnect(): Promise<void> {
  await browser.storage.local.remove(storageKey);
}
