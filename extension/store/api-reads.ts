// Reads of the extension's own pages from the API: who this browser is there, what the team says about a ticket, and what waits for a lead.
import type { z } from "zod";
import type { TicketRef } from "../../shared/contract.ts";
import { Me, TicketLabel, Waiting } from "../../shared/decisions.ts";
import type { Connection } from "./connection.ts";
import { ticketIdOf } from "./ticket-id.ts";

export function readMe(connection: Connection): Promise<Me | null> {
  return read(connection, "/v1/me", Me);
}

/** Null when nobody has reviewed the ticket, or the server does not answer and nothing is cached. */
export async function readTeamLabel(connection: Connection, ticket: TicketRef): Promise<TicketLabel | null> {
  return read(connection, `/v1/tickets/${await ticketIdOf(ticket)}`, TicketLabel);
}

/** What waits for this lead's ruling; null when the server does not answer. Never from a cache: rulings shorten it. */
export function readWaiting(connection: Connection): Promise<Waiting | null> {
  return read(connection, "/v1/waiting", Waiting);
}

async function read<T>({ baseUrl, key }: Connection, path: string, shape: z.ZodType<T>): Promise<T | null> {
  try {
    const response = await fetch(baseUrl + path, {
      headers: { authorization: `Bearer ${key}` },
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(15_000),
    });
    return response.ok ? (shape.safeParse(await response.json()).data ?? null) : null;
  } catch {
    return null; // Off line, and never read before: the page says that it does not know.
  }
}
