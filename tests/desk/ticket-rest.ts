// The REST interfaces of Jira, ServiceNow and Request Tracker as write-back meets them: sessions, versions, rights, refusals. In memory.
import { z } from "zod";

export interface RestTicket {
  /** ServiceNow's number; its record is named by the sys_id. */
  number: string;
  labels: string[];
  /** ServiceNow's columns, Request Tracker's custom fields. */
  fields: Record<string, string>;
  /** Work notes and comments, oldest first. */
  notes: string[];
  /** Rises with each change, whoever made it. */
  version: number;
}
export interface RestRequest {
  method: string;
  url: URL;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}
export interface RestReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}
export interface TicketRest {
  /** Null: not an address of these interfaces. */
  answer(request: RestRequest): RestReply | null;
  /** @throws Error for a ticket that there is not. */
  ticket(name: string): RestTicket;
  /** Somebody else changes the ticket. */
  edit(name: string, change: (ticket: RestTicket) => unknown): void;
  rules: {
    signedIn: boolean;
    mayEdit: boolean;
    /** Fields that the server keeps as they are, and says yes: a rule of ServiceNow, a missing right in RT. */
    kept: Set<string>;
    /** ServiceNow's X-UserToken. */
    token: string;
  };
}

const JiraBody = z.strictObject({
  update: z.strictObject({
    labels: z.array(z.union([z.strictObject({ add: z.string() }), z.strictObject({ remove: z.string() })])),
  }),
});
const ServiceNowBody = z.record(z.string(), z.string());
/** A field is emptied by null: of "" RT 5.0.3 makes an empty value that stays in the list. */
const RtBody = z.strictObject({ CustomFields: z.record(z.string(), z.string().min(1).nullable()) });
const RtComment = z.strictObject({ Content: z.string().min(1), ContentType: z.literal("text/plain") });

const json = (status: number, value: unknown, headers: Record<string, string> = {}): RestReply => ({
  status,
  headers: { "content-type": "application/json;charset=UTF-8", ...headers },
  body: JSON.stringify(value),
});

/** @param numbers of the tickets that there are, by what their address names: a key, a sys_id, a number. */
export function createTicketRest(numbers: Readonly<Record<string, string>>): TicketRest {
  const tickets = new Map(
    Object.entries(numbers).map(([name, number]): [string, RestTicket] => [
      name,
      { number, labels: [], fields: {}, notes: [], version: 1 },
    ]),
  );
  const rules: TicketRest["rules"] = { signedIn: true, mayEdit: true, kept: new Set(), token: "5e551on" };
  const touch = (ticket: RestTicket) => {
    ticket.version += 1;
  };
  const systems = [
    { path: /\/rest\/api\/([23])\/issue\/([^/]+)$/, asked: "fields", answer: jira },
    { path: /^\/api\/now\/table\/([a-z_]+)\/([0-9a-f]{32})$/, asked: "sysparm_fields", answer: serviceNow },
    { path: /\/REST\/2\.0\/ticket\/(\d+)(\/comment)?$/, asked: null, answer: requestTracker },
  ] as const;

  function jira({ method, url, headers, body }: RestRequest, [, version, key = ""]: RegExpExecArray): RestReply {
    // Atlassian looks at where a browser says that a change comes from; a page that hides its address makes that "null".
    if (method !== "GET" && headers.origin !== undefined && headers.origin !== url.origin)
      return { status: 403, headers: { "content-type": "text/plain" }, body: "XSRF check failed" };
    if (!rules.signedIn) {
      // Cloud shows its sign-in page to whoever reads; everything else is refused.
      if (method === "GET" && version === "3")
        return { status: 200, headers: { "content-type": "text/html" }, body: "<html>Log in</html>" };
      return json(401, { errorMessages: ["You are not authenticated. Authentication required to perform this operation."] });
    }
    const ticket = tickets.get(key);
    if (!ticket) return json(404, { errorMessages: ["Issue does not exist or you do not have permission to see it."], errors: {} });
    const updated = new Date(Date.UTC(2026, 10, 25) + ticket.version * 1000).toISOString().replace("Z", "+0000");
    if (method === "GET") return json(200, { id: "10001", key, fields: { labels: ticket.labels, updated } });
    if (!rules.mayEdit) return json(403, { errorMessages: ["You do not have permission to edit issues in this project."], errors: {} });
    const parsed = JiraBody.safeParse(JSON.parse(body));
    const steps = parsed.data?.update.labels ?? [];
    if (steps.length === 0 || steps.some((step) => "add" in step && /\s/.test(step.add)))
      return json(400, { errorMessages: [], errors: { labels: "The label contains spaces which is invalid." } });
    for (const step of steps) {
      if ("remove" in step) ticket.labels = ticket.labels.filter((label) => label !== step.remove);
      else if (!ticket.labels.includes(step.add)) ticket.labels.push(step.add);
    }
    touch(ticket);
    return { status: 204, headers: {}, body: "" };
  }

  function serviceNow({ method, url, headers, body }: RestRequest, [, , sysId = ""]: RegExpExecArray): RestReply {
    if (!rules.signedIn || headers["x-usertoken"] !== rules.token) {
      const error = { message: "User Not Authenticated", detail: "Required to provide Auth information" };
      return json(401, { error, status: "failure" }, { "www-authenticate": 'BASIC realm="Service-now"' });
    }
    const ticket = tickets.get(sysId);
    if (!ticket)
      return json(404, { error: { message: "No Record found", detail: "Record doesn't exist or ACL restricts the record retrieval" } });
    if (method === "PATCH") {
      if (!rules.mayEdit)
        return json(403, { error: { message: "Operation Failed", detail: "ACL Exception Update Failed due to security constraints" } });
      let changed = false;
      for (const [name, value] of Object.entries(ServiceNowBody.parse(JSON.parse(body)))) {
        if (rules.kept.has(name)) continue;
        if (name === "work_notes") ticket.notes.push(value);
        else if (name in ticket.fields) ticket.fields[name] = value;
        else continue;
        changed = true;
      }
      if (changed) touch(ticket);
    }
    const row: Record<string, string> = {
      number: ticket.number,
      sys_mod_count: `${ticket.version}`,
      sys_updated_on: "2026-11-25 09:00:00",
      ...ticket.fields,
    };
    const wanted = (url.searchParams.get("sysparm_fields") ?? "").split(",");
    return json(200, { result: Object.fromEntries(Object.entries(row).filter(([name]) => wanted.includes(name))) });
  }

  function requestTracker({ method, headers, body }: RestRequest, [, id = "", comment]: RegExpExecArray): RestReply {
    if (!rules.signedIn) return { status: 302, headers: { location: "/", "content-type": "text/html" }, body: "Login required" };
    const ticket = tickets.get(id);
    if (!ticket) return json(404, { message: "Not Found" });
    const etag = `"${ticket.version}"`;
    if (comment) {
      const { Content } = RtComment.parse(JSON.parse(body));
      if (!rules.mayEdit) return json(400, { message: "Permission Denied" });
      ticket.notes.push(Content);
      touch(ticket);
      return json(201, ["Comments added"]);
    }
    if (method === "GET") {
      const CustomFields = Object.entries(ticket.fields).map(([name, value], index) => ({
        id: `${index + 1}`,
        type: "customfield",
        name,
        values: value === "" ? [] : [value],
      }));
      return json(200, { id: Number(id), Subject: "Odd mail", LastUpdated: "2026-11-25T09:00:00Z", CustomFields }, { etag });
    }
    const expected = headers["if-match"];
    if (expected !== undefined && expected !== etag) return json(412, { message: "Precondition Failed" });
    const said: string[] = [];
    for (const [name, value] of Object.entries(RtBody.parse(JSON.parse(body)).CustomFields)) {
      if (!(name in ticket.fields)) continue;
      if (!rules.mayEdit || rules.kept.has(name)) said.push(`${name}: Permission Denied`);
      else {
        ticket.fields[name] = value ?? "";
        touch(ticket);
        said.push(`${name} changed`);
      }
    }
    // A missing right is no error to RT: it is one of the messages.
    return json(200, said);
  }

  return {
    rules,
    answer(request) {
      for (const { path, asked, answer } of systems) {
        const match = path.exec(request.url.pathname);
        // Pages of the desk read their tickets from the same addresses; write-back names the fields that it wants.
        if (match && (request.method !== "GET" || asked === null || request.url.searchParams.has(asked))) return answer(request, match);
      }
      return null;
    },
    ticket(name) {
      const found = tickets.get(name);
      if (!found) throw new Error(`There is no ticket ${name}`);
      return found;
    },
    edit(name, change) {
      const found = tickets.get(name);
      if (!found) throw new Error(`There is no ticket ${name}`);
      change(found);
      touch(found);
    },
  };
}
