// Request Tracker 5's REST 2: a custom field for the tag, else a comment.
// Facts: RT's own sources (session cookie accepted, ETag is the newest transaction, 302 to the start page without a session); docs/adr/0019.
import { z } from "zod";
import { changeRecord, type Fetch, readRecord } from "./ask-rest.ts";
import type { TicketApi } from "./ticket-api.ts";

const Ticket = z.object({
  id: z.union([z.string(), z.number()]),
  LastUpdated: z.string().optional(),
  CustomFields: z.array(z.object({ name: z.string(), values: z.array(z.unknown()) })).default([]),
});

/** @param base origin and RT's web path. @param field the custom field's name. */
export function requestTrackerTicket(fetch: Fetch, base: URL, id: string, field: string): TicketApi {
  const path = `${base.pathname.replace(/\/$/, "")}/REST/2.0/ticket/${encodeURIComponent(id)}`;
  return {
    async read() {
      const answer = await readRecord(fetch, base.origin, { url: new URL(path, base) }, Ticket);
      if (!answer.ok) return answer;
      const { record, version } = answer.value;
      // RT answers for a ticket that was merged away with the one that it went into.
      if (String(record.id) !== id) return { ok: false, code: "odd" };
      const own = record.CustomFields.find(({ name }) => name === field);
      // Several values are somebody's list: never the tag alone, so never ours to write. Null is what RT makes of an empty one.
      const value = own?.values.flatMap((one) => (one === null ? [] : String(one))).join(", ") ?? "";
      return {
        ok: true,
        value: { version: version || record.LastUpdated || "", labels: null, field: own ? { name: field, value } : null },
      };
    },
    async write(change, version) {
      if (change.kind === "note") {
        const body = { Content: change.text, ContentType: "text/plain" };
        return changeRecord(fetch, base.origin, { url: new URL(`${path}/comment`, base), method: "POST", body });
      }
      if (change.kind !== "field" || change.name !== field) return { ok: false, code: "odd" };
      return changeRecord(fetch, base.origin, {
        url: new URL(path, base),
        method: "PUT",
        // RT empties a field by null.
        body: { CustomFields: { [field]: change.after || null } },
        headers: version.includes('"') ? { "if-match": version } : {},
      });
    },
  };
}
