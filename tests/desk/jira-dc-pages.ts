// What the desk's server answers as a Jira Data Center at /jira: whole pages, and the tickets as JSON for their parts.
import { bodyHtml, CONTEXT, dcRoute } from "./jira-dc-html.ts";
import type { PageTicket } from "./ticket-shape.ts";

/** A host that no manifest names. */
export const JIRA_DC_HOST = "jira.practice-desk.example";

export type DcAnswer = { kind: "page"; title: string; body: string } | { kind: "data"; value: unknown } | null;

/** Null: nothing is there. */
export function dataCenterAnswer(url: URL, tickets: readonly PageTicket[]): DcAnswer {
  const data = new RegExp(`^${CONTEXT}/rest/api/2/issue/([A-Z]+-\\d+)$`).exec(url.pathname)?.[1];
  const route = dcRoute(url);
  const key = data ?? route?.key;
  const chosen = tickets.find((ticket) => ticket.key === key);
  if (data) return chosen ? { kind: "data", value: chosen } : null;
  if (!route) return null;
  return { kind: "page", title: chosen ? `[${chosen.key}] ${chosen.title} - Jira` : "Jira", body: bodyHtml(route.view, tickets, chosen) };
}
