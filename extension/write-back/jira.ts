// Jira's labels by REST, Cloud (version 3) and Data Center (version 2).
// Facts: PAGES.md 2.1; the public OpenAPI description of Jira Cloud; docs/adr/0019.
import { z } from "zod";
import { changeRecord, type Fetch, readRecord } from "./ask-rest.ts";
import type { TicketApi } from "./ticket-api.ts";

const Issue = z.object({ fields: z.object({ labels: z.array(z.string()), updated: z.string() }) });

/** @param base origin and context path. */
export function jiraIssue(fetch: Fetch, base: URL, version: 2 | 3, key: string): TicketApi {
  const path = `${base.pathname.replace(/\/$/, "")}/rest/api/${version}/issue/${encodeURIComponent(key)}`;
  const issue = (query: string) => new URL(path + query, base);
  return {
    async read() {
      const answer = await readRecord(fetch, base.origin, { url: issue("?fields=labels,updated") }, Issue);
      if (!answer.ok) return answer;
      const { labels, updated } = answer.value.record.fields;
      return { ok: true, value: { version: updated, labels, field: null } };
    },
    async write(change) {
      if (change.kind !== "labels") return { ok: false, code: "odd" };
      // Single steps instead of the whole list: a label that somebody adds at this very moment is not lost.
      const labels = [...change.remove.map((remove) => ({ remove })), ...change.add.map((add) => ({ add }))];
      return changeRecord(fetch, base.origin, { url: issue(""), method: "PUT", body: { update: { labels } } });
    },
  };
}
