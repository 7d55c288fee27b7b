// What waits for a lead: the trainer's list goes in whole, leads read what nobody has ruled on since; nobody else writes or reads it.
import { expect, test } from "vitest";
import { type Decision, Waiting, type WaitingList } from "../../shared/decisions.ts";
import { decision } from "./decisions.ts";
import { keyFor, newOrg, openLab } from "./lab.ts";

const path = "/v1/waiting";
const ticket = (key: string): Decision["ticket"] => ({ ...decision().ticket, key });
const list = (...keys: string[]): WaitingList => ({
  tickets: keys.map((key) => ({ ticket: { system: "jira-cloud", key }, reason: "disputed" as const })),
  more: 0,
});

async function opened() {
  const lab = await openLab();
  const trainer = await keyFor(lab.db, lab.orgId, "service", { name: "trainer", scopes: ["export"] });
  const put = (body: unknown, key = trainer.key) => lab.call(path, { key, method: "PUT", body });
  const seen = async (key = lab.lead.key) => (await lab.read(Waiting, path, { key })).tickets.map(({ ticket: { key } }) => key);
  return { ...lab, trainer, put, seen };
}

test("the newest list takes the place of the one before; before the first one there is none", async () => {
  const { put, read, lead, seen } = await opened();
  expect(await read(Waiting, path, { key: lead.key })).toEqual({ tickets: [], more: 0, at: null });
  expect((await put(list("SEC-1", "SEC-2"))).status).toBe(204);
  expect((await put({ ...list("SEC-2", "SEC-3"), more: 7 })).status).toBe(204);
  expect(await seen()).toEqual(["SEC-2", "SEC-3"]);
  expect(await read(Waiting, path, { key: lead.key })).toMatchObject({ more: 7, at: expect.any(String) });
});

test("what a lead rules on waits no longer; an analyst's word changes nothing, and a ruling that is taken back lets it wait again", async () => {
  const { put, push, seen, analyst, lead } = await opened();
  await put(list("SEC-1", "SEC-2"));
  await push(analyst.key, decision({ ticket: ticket("SEC-1") }));
  expect(await seen()).toEqual(["SEC-1", "SEC-2"]);
  await push(lead.key, decision({ ticket: ticket("SEC-1"), verdict: "reject", final: { threatType: null, severity: null, spans: [] } }));
  expect(await seen()).toEqual(["SEC-1", "SEC-2"]);
  const ruling = decision({ ticket: ticket("SEC-1") });
  await push(lead.key, ruling);
  expect(await seen()).toEqual(["SEC-2"]);
  await push(lead.key, decision({ ticket: ticket("SEC-1"), verdict: "undo", supersedes: ruling.id, final: null }));
  expect(await seen()).toEqual(["SEC-1", "SEC-2"]);
});

test("an analyst does not read it, a lead does not write it, another org has its own", async () => {
  const { put, call, refusal, seen, analyst, lead, db } = await opened();
  await put(list("SEC-1"));
  expect(await refusal(call(path, { key: analyst.key }))).toMatchObject({ status: 403, code: "scope-missing" });
  expect(await refusal(put(list("SEC-9"), lead.key))).toMatchObject({ status: 403, code: "scope-missing" });
  const theirs = await newOrg(db, "Others");
  expect(await seen(theirs.lead.key)).toEqual([]);
  const { key } = await keyFor(db, theirs.orgId, "service", { name: "trainer", scopes: ["export"] });
  await put(list("THEIRS-1"), key);
  expect([await seen(), await seen(theirs.lead.key)]).toEqual([["SEC-1"], ["THEIRS-1"]]);
});

test("a list that is too long, or names no reason that there is, is refused, and the one before stays", async () => {
  const { put, refusal, seen } = await opened();
  await put(list("SEC-1"));
  for (const body of [
    list(...Array.from({ length: 201 }, (_, n) => `SEC-${n}`)),
    { tickets: [{ ticket: { system: "jira-cloud", key: "SEC-2" }, reason: "because" }], more: 0 },
    { ...list("SEC-2"), text: "words" },
    list("SEC-2").tickets,
  ])
    expect(await refusal(put(body))).toMatchObject({ status: 400, code: "invalid-request" });
  expect(await seen()).toEqual(["SEC-1"]);
});
