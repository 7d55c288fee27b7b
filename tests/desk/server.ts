// The practice desk's server: one HTTPS server that is a Jira Cloud site, a Jira Data Center or a ServiceNow instance, by Host header.

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { generate } from "selfsigned";
import { z } from "zod";
import { type DeskAssets, deskAssets } from "./bundles.ts";
import { dataCenterAnswer, JIRA_DC_HOST } from "./jira-dc-pages.ts";
import { renderPage, strictHeaders } from "./responses.ts";
import { createTicketRest, type TicketRest } from "./ticket-rest.ts";
import type { DeskTicket } from "./ticket-shape.ts";
import { deskTickets, withoutAnswers } from "./tickets.ts";

export const JIRA_HOST = "practice-desk.atlassian.net";
export const SERVICENOW_HOST = "practice-desk.service-now.com";
/** Hosts that no manifest names: the same ServiceNow under a name of its own, and a Request Tracker with its neighbours. */
export const VANITY_HOST = "itsm.practice-desk.example";
export const RT_HOST = "rt.practice-desk.example";
/** Which ticket system a host is. Request Tracker has ServiceNow's tickets: plain text. */
const systems: Record<string, "jira" | "servicenow"> = {
  [JIRA_HOST]: "jira",
  [SERVICENOW_HOST]: "servicenow",
  [VANITY_HOST]: "servicenow",
  [RT_HOST]: "servicenow",
};
const MAX_BODY_BYTES = 1_000_000;

export interface DeskRequest {
  method: string;
  /** Full URL, with the host that the browser asked for. */
  url: string;
  bodyBytes: number;
  /** The body as text (first 1,000,000 bytes); absent for requests without one. */
  body?: string;
}
/** A CSP report as the browser sent it, made flat. */
export interface CspReport {
  documentUri: string;
  directive: string;
  blockedUri: string;
  sample: string;
}
export interface Desk {
  port: number;
  /** `https://practice-desk.atlassian.net` */
  jira: string;
  /** `https://jira.practice-desk.example/jira`: a host that is added. */
  jiraDataCenter: string;
  /** `https://practice-desk.service-now.com` */
  serviceNow: string;
  tickets: DeskTicket[];
  /** Where a ticket is shown; `variant` is for ServiceNow only: old navigation page, new shell, or the form alone. */
  urlOf(ticket: DeskTicket, options?: { variant?: "nav_to" | "shell" | "alone"; speed?: "real" | "fast"; seed?: number }): string;
  /** Flags that make Chromium find the desk under its real-looking host names, and nothing else on the network. */
  chromiumFlags: string[];
  reports: CspReport[];
  requests: DeskRequest[];
  /** What the tickets' REST interfaces hold: nothing of it is shown on the pages. */
  rest: TicketRest;
  close(): Promise<void>;
}
export interface DeskOptions {
  /** 0 or absent: any free port. */
  port?: number;
  log?: (line: string) => void;
  /** Of pages that do not ask by `?speed=`. */
  speed?: "real" | "fast";
  tickets?: DeskTicket[];
}

const RawReport = z.object({
  "csp-report": z.object({
    "document-uri": z.string().default(""),
    "effective-directive": z.string().default(""),
    "blocked-uri": z.string().default(""),
    "script-sample": z.string().default(""),
  }),
});

/** Starts the desk. Resolves when it listens. @throws TicketFileError for broken tickets, Error when the port is taken. */
export async function startDesk(options: DeskOptions = {}): Promise<Desk> {
  const [assets, tickets, certificate] = await Promise.all([
    deskAssets(),
    options.tickets ?? deskTickets(),
    generate([{ name: "commonName", value: "practice desk" }], {
      extensions: [
        { name: "subjectAltName", altNames: [JIRA_HOST, JIRA_DC_HOST, SERVICENOW_HOST].map((value) => ({ type: 2 as const, value })) },
      ],
    }),
  ]);
  const reports: CspReport[] = [];
  const requests: DeskRequest[] = [];
  const rest = createTicketRest(Object.fromEntries(tickets.map(({ key, system, sysId }) => [system === "jira" ? key : sysId, key])));
  const site = { assets, tickets, speed: options.speed ?? "real" } as const;
  const server = createServer({ key: certificate.private, cert: certificate.cert }, (request, response) => {
    void answer(request, response).catch((error: unknown) => {
      options.log?.(`desk: ${request.method} ${request.url}: ${String(error)}`);
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
      response.end("The desk failed; its log says why.");
    });
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = request.headers.host ?? "";
    const body = await readBody(request);
    const url = new URL(request.url ?? "/", `https://${host}`);
    requests.push({ method: request.method ?? "", url: url.href, bodyBytes: body.bytes, ...(body.bytes > 0 ? { body: body.text } : {}) });
    options.log?.(`${request.method} ${url.href}`);
    if (url.pathname === "/csp") {
      const report = RawReport.parse(JSON.parse(body.text))["csp-report"];
      reports.push({
        documentUri: report["document-uri"],
        directive: report["effective-directive"],
        blockedUri: report["blocked-uri"],
        sample: report["script-sample"],
      });
      response.writeHead(204).end();
      return;
    }
    const asked = { method: request.method ?? "", url, headers: request.headers, body: body.text };
    const reply = rest.answer(asked) ?? respond(url, site);
    response.writeHead(reply.status, { "cross-origin-resource-policy": "same-origin", ...reply.headers });
    response.end(reply.body);
  }
  await listen(server, options.port ?? 0);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const jira = `https://${JIRA_HOST}`;
  const serviceNow = `https://${SERVICENOW_HOST}`;
  return {
    port,
    jira,
    jiraDataCenter: `https://${JIRA_DC_HOST}/jira`,
    serviceNow,
    tickets,
    reports,
    requests,
    rest,
    urlOf(ticket, { variant = "nav_to", speed, seed } = {}) {
      const extra = [speed && `speed=${speed}`, seed !== undefined && `seed=${seed}`].filter(Boolean).join("&");
      if (ticket.system === "jira") return `${jira}/browse/${ticket.key}${extra && `?${extra}`}`;
      const form = `/incident.do?sys_id=${ticket.sysId}${extra && `&${extra}`}`;
      if (variant === "alone") return serviceNow + form;
      if (variant === "shell") return `${serviceNow}/now/nav/ui/classic/params/target/${encodeURIComponent(form.slice(1))}`;
      return `${serviceNow}/nav_to.do?uri=${encodeURIComponent(form)}`;
    },
    chromiumFlags: [
      `--host-resolver-rules=MAP *.atlassian.net 127.0.0.1:${port}, MAP *.service-now.com 127.0.0.1:${port}, ` +
        `MAP *.practice-desk.example 127.0.0.1:${port}, ` +
        "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
      "--ignore-certificate-errors",
    ],
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

async function readBody(request: IncomingMessage): Promise<{ bytes: number; text: string }> {
  let bytes = 0;
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    const data = Buffer.from(chunk);
    if (bytes < MAX_BODY_BYTES) chunks.push(data);
    bytes += data.length;
  }
  return { bytes, text: Buffer.concat(chunks).toString("utf8").slice(0, MAX_BODY_BYTES) };
}

interface Site {
  assets: DeskAssets;
  tickets: readonly DeskTicket[];
  speed: "real" | "fast";
}
interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

function respond(url: URL, site: Site): Reply {
  const json = (status: number, value: unknown): Reply => ({
    status,
    headers: { ...strictHeaders("none"), "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(value),
  });
  const page = (bundle: string, title: string, application?: string, body?: string): Reply => {
    const speed = url.searchParams.get("speed") === "fast" ? "fast" : url.searchParams.get("speed") === "real" ? "real" : site.speed;
    const seed = Number(url.searchParams.get("seed") ?? "1") || 1;
    const watchdog = site.assets.get("watchdog.js") ?? "";
    const { html, headers } = renderPage({
      title,
      bundle,
      watchdog,
      speed,
      seed,
      ...(application ? { application } : {}),
      ...(body ? { body } : {}),
    });
    return { status: 200, headers, body: html };
  };
  const asset = /^\/assets\/([a-z-]+\.(css|js))$/.exec(url.pathname);
  const text = asset ? site.assets.get(asset[1] ?? "") : undefined;
  if (asset && text !== undefined) {
    const type = asset[2] === "css" ? "text/css" : "text/javascript";
    return { status: 200, headers: { ...strictHeaders("none"), "content-type": `${type}; charset=utf-8` }, body: text };
  }
  if (url.pathname === "/favicon.ico") return { status: 204, headers: {}, body: "" };
  if (url.hostname === JIRA_DC_HOST) {
    const answer = dataCenterAnswer(url, site.tickets.filter((ticket) => ticket.system === "jira").map(withoutAnswers));
    if (answer) return answer.kind === "data" ? json(200, answer.value) : page("jira-dc", answer.title, "JIRA", answer.body);
  }
  const system = systems[url.hostname];
  const own = site.tickets.filter((ticket) => ticket.system === system);
  const one = (test: (ticket: DeskTicket) => boolean): Reply => {
    const found = own.find(test);
    return found ? json(200, withoutAnswers(found)) : json(404, { title: "No such ticket on the practice desk" });
  };
  if (system === "jira") {
    if (url.pathname === "/rest/api/3/search") return json(200, own.map(withoutAnswers));
    const issue = /^\/rest\/api\/3\/issue\/([A-Z][A-Z0-9]*-\d+)$/.exec(url.pathname);
    if (issue) return one((ticket) => ticket.key === issue[1]);
    if (/^\/($|browse\/|jira\/|projects\/|issues\/)/.test(url.pathname)) return page("jira", "Practice Desk - Jira", "JIRA");
  }
  if (system === "servicenow") {
    const record = /^\/api\/now\/table\/incident\/([0-9a-f]{32})$/.exec(url.pathname);
    if (record) return one((ticket) => ticket.sysId === record[1]);
    if (url.pathname === "/api/now/table/incident") return json(200, own.map(withoutAnswers));
    if (url.hostname === RT_HOST) return page("request-tracker", "Request Tracker");
    if (/^\/now\/[a-z]+\/record\//.test(url.pathname)) return page("servicenow-workspace", "Service Operations Workspace");
    if (url.pathname === "/sp") return page("servicenow-portal", "Service Portal");
    if (/^\/incident(_list)?\.do$/.test(url.pathname)) return page("servicenow-frame", "Incident | ServiceNow");
    if (/^\/($|nav_to\.do$|now\/nav\/ui\/classic\/params\/target\/)/.test(url.pathname)) return page("servicenow-shell", "ServiceNow");
  }
  return { status: 404, headers: { ...strictHeaders("none"), "content-type": "text/plain" }, body: "Not on the practice desk." };
}
