// The id of a ticket in tables and addresses: a hash, so that no ticket key stands in a URL.
import type { TicketRef } from "../../shared/contract.ts";

/** SHA-256 of `system + "\n" + key`, in hex; the server makes the same. */
export async function ticketIdOf({ system, key }: Pick<TicketRef, "system" | "key">): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${system}\n${key}`));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
