// ServiceNow's Table API: a field that was named for the tag, else a work note.
// Facts: the vendor's KB0565021 (a session counts only together with its X-UserToken) and public code; docs/adr/0019.
import { z } from "zod";
import { changeRecord, type Fetch, readRecord } from "./ask-rest.ts";
import type { TicketApi } from "./ticket-api.ts";

export interface ServiceNowRecord {
  origin: string;
  table: string;
  sysId: string;
  /** What the page shows as the ticket's number, or the sys_id again where it shows none. */
  number: string;
  /** The form's own anti-forgery value, read anew for each request: it ends with the session. */
  token(): string | null;
  /** Name of the field that takes the tag; "" for none. */
  field: string;
}

const Row = z.object({ result: z.looseObject({ sys_mod_count: z.string(), sys_updated_on: z.string(), number: z.string().optional() }) });
const columnName = /^[a-z][a-z0-9_]{0,79}$/;

export function serviceNowRecord(fetch: Fetch, { origin, table, sysId, number, token, field }: ServiceNowRecord): TicketApi {
  const column = columnName.test(field) ? field : null;
  const at = () => {
    const url = new URL(`/api/now/table/${table}/${sysId}`, origin);
    url.searchParams.set("sysparm_fields", ["number", "sys_mod_count", "sys_updated_on", ...(column ? [column] : [])].join());
    // Values as stored, and references as their ids: what is compared must not depend on the person's language.
    url.searchParams.set("sysparm_display_value", "false");
    url.searchParams.set("sysparm_exclude_reference_link", "true");
    return url;
  };
  /** Without the token the answer is 401, to which the browser would open its own dialog: then nothing is asked. */
  const withToken = <T>(ask: (headers: Record<string, string>) => Promise<T>) => {
    const userToken = token();
    return userToken ? ask({ "x-usertoken": userToken }) : Promise.resolve({ ok: false, code: "signedOut" } as const);
  };
  return {
    read: () =>
      withToken(async (headers) => {
        const answer = await readRecord(fetch, origin, { url: at(), headers }, Row);
        if (!answer.ok) return answer;
        const { result } = answer.value.record;
        // The address may be one step ahead of what the page shows.
        if (number !== sysId && result.number !== number) return { ok: false, code: "odd" };
        const value = column ? result[column] : undefined;
        return {
          ok: true,
          value: {
            version: `${result.sys_mod_count} ${result.sys_updated_on}`,
            labels: null,
            // A table without this column leaves it out.
            field: column && typeof value === "string" ? { name: column, value } : null,
          },
        };
      }),
    write: (change) =>
      withToken(async (headers) => {
        if (change.kind === "labels" || (change.kind === "field" && change.name !== column)) return { ok: false, code: "odd" };
        const body = change.kind === "note" ? { work_notes: change.text } : { [change.name]: change.after };
        return changeRecord(fetch, origin, { url: at(), method: "PATCH", body, headers });
      }),
  };
}
