// What a ticket system must be able to do for write-back, and how a change is carried out with it: compare, write, look.
import type { Change } from "../../shared/write-back.ts";
import type { Answer } from "./ask-rest.ts";
import { type Present, shows } from "./plan.ts";

/** One ticket behind its system's REST interface. */
export interface TicketApi {
  read(): Promise<Answer<Present>>;
  /** Sends the change. `version` is what the ticket was when it was planned, for systems that compare by themselves. */
  write(change: Change, version: string): Promise<Answer<null>>;
}

/**
 * Writes the change if the ticket is still what it was, and looks whether it stands there then.
 * @returns the ticket after it; or why it was not written. `unknown` alone means that it may have been.
 */
export async function carryOut(api: TicketApi, change: Change, version: string): Promise<Answer<Present>> {
  const before = await api.read();
  if (!before.ok) return before;
  if (before.value.version !== version) return { ok: false, code: "changed" };
  const sent = await api.write(change, version);
  if (!sent.ok && sent.code !== "unknown") return sent;
  const after = await api.read();
  // It was taken, only the look at it failed.
  if (!after.ok) return sent.ok ? before : sent;
  if (shows(after.value, change, version)) {
    // A new version alone does not say whose note it was that came.
    return sent.ok || change.kind !== "note" ? after : sent;
  }
  if (sent.ok) return { ok: false, code: "ignored" };
  return sent;
}
