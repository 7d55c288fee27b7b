// Sends what was found on the pages to the connected server: names of views and counts, nothing else.
import type { ViewHealth } from "../../shared/selector-health.ts";
import type { Connection } from "./connection.ts";

/** Most views in one request (the contract's limit); there are fewer. */
const mostViews = 100;

/** @throws Error when the server does not answer, or does not take them. */
export async function sendCounts({ baseUrl, key }: Connection, views: readonly ViewHealth[]): Promise<void> {
  if (views.length === 0) return;
  const response = await fetch(`${baseUrl}/v1/selectors/visits`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ views: views.slice(0, mostViews) }),
    credentials: "omit",
    redirect: "error",
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) throw new Error(`The server answered ${response.status} to the counts`);
}
