// Each system's REST interface over real HTTP: what is read, what is sent, and what each refusal is called; after every one the ticket is looked at.
import { expect, test } from "vitest";
import { z } from "zod";
import { changeRecord, type Fetch, readRecord } from "../../../extension/write-back/ask-rest.ts";
import { jiraIssue } from "../../../extension/write-back/jira.ts";
import { requestTrackerTicket } from "../../../extension/write-back/request-tracker.ts";
import { serviceNowRecord } from "../../../extension/write-back/servicenow.ts";
import { carryOut, type TicketApi } from "../../../extension/write-back/ticket-api.ts";
import type { Change } from "../../../shared/write-back.ts";
import { type RestServer, restServer } from "./rest-server.ts";

const sysId = "0123456789abcdef0123456789abcdef";
const server = restServer({ "SOC-1": "SOC-1", [sysId]: "INC0010001", "7": "7" });

interface Case {
  name: string;
  /** Of the ticket in the double. */
  id: string;
  api(of: RestServer, more?: { fetch?: Fetch; id?: string }): TicketApi;
  change: Change;
  field?: string;
}
const base = (of: RestServer, path = "/") => new URL(path, of.origin);
const jira = (name: string, version: 2 | 3, path: string): Case => ({
  name,
  id: "SOC-1",
  api: (of, { fetch = of.fetch, id = "SOC-1" } = {}) => jiraIssue(fetch, base(of, path), version, id),
  change: { kind: "labels", add: ["sectag:phishing_high"], remove: [] },
});
const serviceNow = (name: string, change: Change): Case => ({
  name,
  id: sysId,
  api: (of, { fetch = of.fetch, id = sysId } = {}) =>
    serviceNowRecord(fetch, {
      origin: of.origin,
      table: "incident",
      sysId: id,
      number: "INC0010001",
      token: () => of.rest.rules.token,
      field: "u_sectag",
    }),
  change,
  field: "u_sectag",
});
const rt = (name: string, change: Change): Case => ({
  name,
  id: "7",
  api: (of, { fetch = of.fetch, id = "7" } = {}) => requestTrackerTicket(fetch, base(of, "/rt/"), id, "SecTag"),
  change,
  field: "SecTag",
});
const note: Change = { kind: "note", text: "SecTag: phishing_high, reviewed by an analyst." };
const cases: Case[] = [
  jira("Jira Cloud", 3, "/"),
  jira("Jira Data Center below a context path", 2, "/jira/"),
  serviceNow("ServiceNow, a field", { kind: "field", name: "u_sectag", before: "", after: "phishing_high" }),
  serviceNow("ServiceNow, a work note", note),
  rt("Request Tracker, a custom field", { kind: "field", name: "SecTag", before: "", after: "phishing_high" }),
  rt("Request Tracker, a comment", note),
];

/** The ticket of a case, with its field, and what it holds now. */
function prepare(one: Case) {
  const of = server();
  const ticket = of.rest.ticket(one.id);
  if (one.field) ticket.fields[one.field] = "";
  return { of, ticket, state: () => structuredClone(of.rest.ticket(one.id)) };
}
const version = async (api: TicketApi) => {
  const answer = await api.read();
  if (!answer.ok) throw new Error(answer.code);
  return answer.value.version;
};

test.each(cases)("$name: written, and nothing but the change", async (one) => {
  const { of, ticket } = prepare(one);
  ticket.labels = ["vip"];
  ticket.fields.category = "Hardware";
  const api = one.api(of);
  expect(await carryOut(api, one.change, await version(api))).toMatchObject({ ok: true });
  expect(of.heard.filter((line) => !line.startsWith("GET"))).toHaveLength(1);
  expect(ticket).toEqual({
    number: ticket.number,
    labels: one.change.kind === "labels" ? ["vip", "sectag:phishing_high"] : ["vip"],
    fields: { category: "Hardware", ...(one.field ? { [one.field]: one.change.kind === "field" ? "phishing_high" : "" } : {}) },
    notes: one.change.kind === "note" ? [note.text] : [],
    version: 2,
  });
});

test.each(cases)("$name: a person was faster, so nothing is written", async (one) => {
  const { of, state } = prepare(one);
  const api = one.api(of);
  const seen = await version(api);
  of.rest.edit(one.id, (ticket) => ticket.notes.push("by hand"));
  const before = state();
  expect(await carryOut(api, one.change, seen)).toEqual({ ok: false, code: "changed" });
  expect(state()).toEqual(before);
  expect(of.heard.every((line) => line.startsWith("GET"))).toBe(true);
});

test.each(cases)("$name: not signed in, not allowed, not there", async (one) => {
  const { of, state } = prepare(one);
  const api = one.api(of);
  const seen = await version(api);
  const before = state();
  of.rest.rules.mayEdit = false;
  const refused = await carryOut(api, one.change, seen);
  // RT calls a missing right a message (field) or a bad request (comment).
  const expected = one.id !== "7" ? "forbidden" : one.change.kind === "field" ? "ignored" : "refused";
  expect(refused).toEqual({ ok: false, code: expected });
  of.rest.rules.signedIn = false;
  expect(await api.read()).toEqual({ ok: false, code: "signedOut" });
  expect(await carryOut(api, one.change, seen)).toEqual({ ok: false, code: "signedOut" });
  // The session ended between the look and the change.
  expect(await api.write(one.change, seen)).toEqual({ ok: false, code: "signedOut" });
  of.rest.rules.signedIn = true;
  expect(await one.api(of, { id: one.id.replace(/^./, "9") }).read()).toEqual({ ok: false, code: "missing" });
  expect(state()).toEqual(before);
});

test.each(cases)("$name: a lost answer is told from a lost change, where the ticket can show it", async (one) => {
  const { of, ticket } = prepare(one);
  const api = one.api(of);
  const seen = await version(api);
  of.loseAnswer();
  const done = await carryOut(api, one.change, seen);
  expect(ticket.version).toBe(2);
  if (one.change.kind === "note") expect(done).toEqual({ ok: false, code: "unknown" });
  else expect(done).toMatchObject({ ok: true, value: { version: expect.not.stringMatching(`^${seen}$`) } });
});

test.each(cases)("$name: taken, and then the ticket cannot be looked at: it counts as written", async (one) => {
  const { of, ticket } = prepare(one);
  const api = one.api(of);
  const seen = await version(api);
  of.before(() => of.always({ status: 503, type: "text/html", body: "<html>" }));
  expect(await carryOut(api, one.change, seen)).toMatchObject({ ok: true });
  expect(ticket.version).toBe(2);
});

test.each(cases)("$name: no network, busy, a proxy's page, nonsense", async (one) => {
  const { of } = prepare(one);
  const dead = one.api(of, { fetch: () => Promise.reject(new TypeError("Failed to fetch")) });
  expect(await dead.read()).toEqual({ ok: false, code: "unreachable" });
  expect(await dead.write(one.change, "1")).toEqual({ ok: false, code: "unknown" });
  const api = one.api(of);
  for (const [status, type, body, code] of [
    [503, "text/html", "<html>", "busy"],
    [429, "application/json", "{}", "busy"],
    [200, "text/html", "<html>Sign in</html>", "signedOut"],
    [200, "application/json", '{"x":1}', "odd"],
    [200, "application/json", "{", "odd"],
    [200, "application/json", "[]", "odd"],
    [409, "application/json", "{}", "changed"],
    [410, "application/json", "{}", "missing"],
    [412, "application/json", "{}", "changed"],
    [418, "application/json", "{}", "refused"],
  ] as const) {
    of.always({ status, type, body });
    expect(await api.read(), `${status} ${type} ${body}`).toEqual({ ok: false, code });
  }
});

test("of a ticket that was merged into another, RT's answer is not taken for the one that was asked for", async () => {
  const of = server();
  of.always({ status: 200, type: "application/json", body: '{"id":"12","CustomFields":[]}' });
  expect(await requestTrackerTicket(of.fetch, base(of), "7", "SecTag").read()).toEqual({ ok: false, code: "odd" });
  expect(await requestTrackerTicket(of.fetch, base(of), "12", "SecTag").read()).toMatchObject({ ok: true });
});

test("RT itself refuses what is not about the newest version", async () => {
  const of = server();
  const ticket = of.rest.ticket("7");
  ticket.fields.SecTag = "";
  const api = requestTrackerTicket(of.fetch, base(of), "7", "SecTag");
  const seen = await version(api);
  of.before(() => of.rest.edit("7", (one) => Object.assign(one.fields, { SecTag: "by hand" })));
  expect(await carryOut(api, { kind: "field", name: "SecTag", before: "", after: "phishing_high" }, seen)).toEqual({
    ok: false,
    code: "changed",
  });
  expect(ticket.fields.SecTag).toBe("by hand");
});

test("a label that comes at the very moment of a write to Jira is not lost", async () => {
  const of = server();
  const api = jiraIssue(of.fetch, base(of), 3, "SOC-1");
  const seen = await version(api);
  of.before(() => of.rest.edit("SOC-1", ({ labels }) => labels.push("vip")));
  expect(await carryOut(api, { kind: "labels", add: ["sectag:phishing_high"], remove: [] }, seen)).toMatchObject({ ok: true });
  expect(of.rest.ticket("SOC-1").labels).toEqual(["vip", "sectag:phishing_high"]);
});

test("a field that a rule of ServiceNow keeps is not called written", async () => {
  const of = server();
  of.rest.ticket(sysId).fields.u_sectag = "";
  of.rest.rules.kept.add("u_sectag");
  const api = serviceNow("", note).api(of);
  const change: Change = { kind: "field", name: "u_sectag", before: "", after: "phishing_high" };
  expect(await carryOut(api, change, await version(api))).toEqual({ ok: false, code: "ignored" });
});

test("a table without the named column, and a name that is no column, mean: no field", async () => {
  const of = server();
  const record = { origin: of.origin, table: "incident", sysId, number: sysId, token: () => of.rest.rules.token };
  for (const field of ["u_sectag", "", "x&sysparm_view=1", "Category"]) {
    expect(await serviceNowRecord(of.fetch, { ...record, field }).read()).toMatchObject({ ok: true, value: { field: null, labels: null } });
  }
  expect(of.heard.filter((line) => line.includes("sysparm_view"))).toEqual([]);
});

test("without the form's token ServiceNow is not asked: its 401 would open the browser's dialog", async () => {
  const of = server();
  const api = serviceNowRecord(of.fetch, { origin: of.origin, table: "incident", sysId, number: sysId, token: () => null, field: "" });
  expect(await api.read()).toEqual({ ok: false, code: "signedOut" });
  expect(await api.write(note, "1")).toEqual({ ok: false, code: "signedOut" });
  expect(of.heard).toEqual([]);
});

test("a record that is not the ticket that the page shows is neither read nor written", async () => {
  const of = server();
  const api = serviceNowRecord(of.fetch, {
    origin: of.origin,
    table: "incident",
    sysId,
    number: "INC0010002",
    token: () => of.rest.rules.token,
    field: "",
  });
  expect(await carryOut(api, note, "1 2026-11-25 09:00:00")).toEqual({ ok: false, code: "odd" });
  expect(of.rest.ticket(sysId).notes).toEqual([]);
});

test("RT's field is emptied, and an empty value in its list is no value", async () => {
  const of = server();
  const ticket = of.rest.ticket("7");
  ticket.fields.SecTag = "phishing_high";
  const api = requestTrackerTicket(of.fetch, base(of), "7", "SecTag");
  const change: Change = { kind: "field", name: "SecTag", before: "phishing_high", after: "" };
  expect(await carryOut(api, change, await version(api))).toMatchObject({ ok: true, value: { field: { value: "" } } });
  expect(ticket.fields.SecTag).toBe("");
  of.always({ status: 200, type: "application/json", body: '{"id":7,"CustomFields":[{"name":"SecTag","values":[null]}]}' });
  expect(await api.read()).toMatchObject({ ok: true, value: { field: { value: "" } } });
});

test("several values of a custom field are a person's list", async () => {
  const of = server();
  of.always({ status: 200, type: "application/json", body: '{"id":7,"CustomFields":[{"name":"SecTag","values":["phishing_high","x"]}]}' });
  expect(await requestTrackerTicket(of.fetch, base(of), "7", "SecTag").read()).toMatchObject({
    ok: true,
    value: { field: { name: "SecTag", value: "phishing_high, x" } },
  });
});

test("an address of another origin is never asked, whoever made it", async () => {
  const fetch: Fetch = () => Promise.reject(new Error("asked"));
  const elsewhere = { url: new URL("https://evil.example/rest/api/3/issue/SOC-1") };
  expect(await readRecord(fetch, "https://corp.atlassian.net", elsewhere, z.unknown())).toEqual({ ok: false, code: "odd" });
  expect(await changeRecord(fetch, "https://corp.atlassian.net", { ...elsewhere, method: "PUT", body: {} })).toEqual({
    ok: false,
    code: "odd",
  });
});

test("a request goes to the page's origin only, with the session and nothing that follows a redirect", async () => {
  const asked: { url: string; init: RequestInit }[] = [];
  const listen: Fetch = async (url, init) => {
    asked.push({ url, init });
    return new Response("{}", { headers: { "content-type": "application/json" } });
  };
  const api = jiraIssue(listen, new URL("https://corp.atlassian.net/"), 3, "../../../../evil?x=1#");
  await api.read();
  await api.write({ kind: "labels", add: ["sectag:benign"], remove: ["sectag:malware_low"] }, "1");
  expect(asked.map(({ url }) => url)).toEqual([
    "https://corp.atlassian.net/rest/api/3/issue/..%2F..%2F..%2F..%2Fevil%3Fx%3D1%23?fields=labels,updated",
    "https://corp.atlassian.net/rest/api/3/issue/..%2F..%2F..%2F..%2Fevil%3Fx%3D1%23",
  ]);
  for (const { init } of asked)
    expect(init).toMatchObject({ mode: "same-origin", credentials: "same-origin", redirect: "manual", referrerPolicy: "same-origin" });
  expect(asked[1]?.init.body).toBe('{"update":{"labels":[{"remove":"sectag:malware_low"},{"add":"sectag:benign"}]}}');
});
