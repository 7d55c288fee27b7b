// Which REST record the ticket on this page is: from its address and the page's own marks, read when asked and never kept.
import type { TicketRef } from "../../shared/contract.ts";
import type { Fetch } from "./ask-rest.ts";
import { jiraIssue } from "./jira.ts";
import { requestTrackerTicket } from "./request-tracker.ts";
import { serviceNowRecord } from "./servicenow.ts";
import type { TicketApi } from "./ticket-api.ts";

interface Page {
  url: URL;
  document: Document;
  ticket: TicketRef;
  /** Name of the field for the tag, as set; "" for none. */
  field: string;
  fetch: Fetch;
}

/** Where nobody named a field, Request Tracker's is looked for under this name. */
export const defaultCustomField = "SecTag";

/** `copy`: a known system, on a page that does not let us write. Null: nothing to write to. */
export function findTicketApi({ url, document, ticket, field, fetch }: Page): TicketApi | "copy" | null {
  switch (ticket.system) {
    case "jira-cloud":
      return jiraIssue(fetch, new URL("/", url), 3, ticket.key);
    case "jira-data-center":
      return jiraIssue(fetch, new URL(contextPath(url, document), url), 2, ticket.key);
    case "servicenow-classic": {
      const record = formRecord(url);
      const token = () => formToken(document);
      if (!record || !token()) return "copy";
      return serviceNowRecord(fetch, { origin: url.origin, ...record, number: ticket.key, token, field });
    }
    case "request-tracker": {
      const path = /^(.*\/)(?:Ticket|SelfService)\/[^/]+\.html$/.exec(url.pathname)?.[1];
      // The number that the page shows; of a merged ticket, the address names the one that is gone.
      const id = /#(\d+)$/.exec(ticket.key)?.[1];
      if (path === undefined || !id) return "copy";
      return requestTrackerTicket(fetch, new URL(path, url), id, field || defaultCustomField);
    }
    default:
      return null;
  }
}

/** Jira says it in each page; by the address where a page does not. */
function contextPath(url: URL, document: Document): string {
  const said = document.querySelector('meta[name="ajs-context-path"]')?.getAttribute("content");
  // `//host` would be another origin.
  const path =
    (said && /^(?:\/[^/\\]+)*$/.test(said) ? said : null) ??
    /^(.*?)\/(?:browse|projects|issues|secure|servicedesk)\//.exec(url.pathname)?.[1] ??
    "";
  return `${path}/`;
}

function formRecord(url: URL): { table: string; sysId: string } | null {
  const table = /\/([a-z0-9_]+)\.do$/.exec(url.pathname)?.[1];
  const sysId = url.searchParams.get("sys_id");
  return table && sysId && /^[0-9a-f]{32}$/.test(sysId) ? { table, sysId } : null;
}

/** The hidden field with which the form itself proves to the server that this page sent it. */
function formToken(document: Document): string | null {
  const field = document.querySelector('form input[type="hidden"][name="sysparm_ck"]');
  return field instanceof HTMLInputElement && field.value ? field.value : null;
}
