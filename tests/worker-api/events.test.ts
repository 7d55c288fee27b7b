// Push and pull: stored once, answered one by one, seen by who may see it, in pages without gap or double.
import { expect, test } from "vitest";
import type { StoredEvent } from "../../shared/decisions.ts";
import { renewEpoch } from "../../worker-api/database.ts";
import { decision } from "./decisions.ts";
import { keyFor, newOrg, openLab } from "./lab.ts";

const idsOf = (events: StoredEvent[]) => events.map((event) => (event.kind === "decision" ? event.decision.id : event.ticketId));

test("a decision is stored, a second sending is a duplicate with the same seq, and a pull shows it without texts", async () => {
  const { push, pull, analyst } = await openLab();
  const one = decision();
  expect((await push(analyst.key, one)).results).toEqual([{ status: "stored", id: one.id, seq: 1 }]);
  expect((await push(analyst.key, one)).results).toEqual([{ status: "duplicate", id: one.id, seq: 1 }]);
  const { blocks, ...rest } = one;
  const view = { ...rest, blocks: blocks.map(({ role }) => ({ role })) };
  expect((await pull(analyst.key)).events).toEqual([
    {
      kind: "decision",
      seq: 1,
      serverTime: "2026-11-25T12:00:00.000Z",
      reviewer: { id: analyst.userId, name: "analyst", role: "analyst" },
      decision: view,
    },
  ]);
});

test("the payload is compared as parsed: another order of its keys is the same event", async () => {
  const { push, analyst } = await openLab();
  const one = decision();
  await push(analyst.key, one);
  const turned = Object.fromEntries(Object.entries(one).reverse());
  expect((await push(analyst.key, turned)).results[0]?.status).toBe("duplicate");
});

test("each event of a batch is judged on its own: good ones are stored beside bad ones", async () => {
  const { push, pull, analyst } = await openLab();
  const [first, second, third] = [decision(), decision(), decision()];
  const { results } = await push(analyst.key, first, { ...second, verdict: "maybe" }, 7, first, third);
  expect(results).toMatchObject([
    { status: "stored", id: first.id, seq: 1 },
    {
      status: "rejected",
      id: second.id,
      problem: { type: "urn:sectag:problem:invalid-event", status: 422, errors: [{ path: "verdict" }] },
    },
    { status: "rejected", id: null, problem: { type: "urn:sectag:problem:invalid-event" } },
    { status: "duplicate", id: first.id, seq: 1 },
    { status: "stored", id: third.id },
  ]);
  expect(idsOf((await pull(analyst.key)).events)).toEqual([first.id, third.id]);
});

test("the same id with another payload, from another person or another org is refused and noted as a security event", async () => {
  const { db, push, pull, logged, analyst, lead } = await openLab();
  const other = await newOrg(db, "Red team");
  const one = decision();
  await push(analyst.key, one);
  const changed = { ...one, dwellMs: 1 };
  for (const [key, event] of [
    [analyst.key, changed],
    [lead.key, one],
    [other.analyst.key, one],
  ] as const)
    expect((await push(key, event)).results).toMatchObject([
      { status: "rejected", id: one.id, problem: { type: "urn:sectag:problem:id-taken" } },
    ]);
  const twice = decision();
  expect((await push(analyst.key, twice, { ...twice, dwellMs: 1 })).results.map(({ status }) => status)).toEqual(["stored", "rejected"]);
  expect(logged.filter(({ event, code }) => event === "security" && code === "id-taken")).toHaveLength(4);
  expect((await pull(other.lead.key)).events).toEqual([]);
});

test("an analyst sees own events and what leads and admins decided; a lead sees all", async () => {
  const { db, orgId, push, pull, analyst, lead, admin } = await openLab();
  const colleague = await keyFor(db, orgId, "analyst", { name: "colleague" });
  const byWhom = { analyst: decision(), colleague: decision(), lead: decision(), admin: decision() };
  await push(analyst.key, byWhom.analyst);
  await push(colleague.key, byWhom.colleague);
  await push(lead.key, byWhom.lead);
  await push(admin.key, byWhom.admin);
  expect(idsOf((await pull(analyst.key)).events)).toEqual([byWhom.analyst.id, byWhom.lead.id, byWhom.admin.id]);
  expect(idsOf((await pull(lead.key)).events)).toEqual(Object.values(byWhom).map(({ id }) => id));
});

test("a lead's key without the scope `lead` makes no rulings and sees no more than an analyst", async () => {
  const { db, orgId, push, pull, analyst } = await openLab();
  const weak = await keyFor(db, orgId, "lead", { name: "lea", scopes: ["review"] });
  await push(weak.key, decision());
  expect((await pull(analyst.key)).events).toEqual([]);
  expect((await pull(weak.key)).events).toMatchObject([{ reviewer: { name: "lea", role: "analyst" } }]);
});

test("pages join without gap or double, also while more is written, and the cursor passes over what the reader may not see", async () => {
  const { db, orgId, push, pull, analyst } = await openLab();
  const colleague = await keyFor(db, orgId, "analyst", { name: "colleague" });
  const sent = Array.from({ length: 25 }, () => decision());
  await push(analyst.key, ...sent);
  const seen: string[] = [];
  let after = "";
  for (let round = 0; round < 20; round++) {
    const page = await pull(analyst.key, `?limit=7${after}`);
    seen.push(...idsOf(page.events));
    after = `&after=${page.next}`;
    if (!page.more) break;
    const late = decision();
    sent.push(late);
    await push(analyst.key, late);
    await push(colleague.key, decision());
  }
  expect(seen).toEqual(sent.map(({ id }) => id));
  await push(colleague.key, ...Array.from({ length: 10 }, () => decision()));
  const empty = await pull(analyst.key, `?limit=7${after}`);
  expect(empty).toMatchObject({ events: [], more: false });
  const last = decision();
  await push(analyst.key, last);
  expect(idsOf((await pull(analyst.key, `?limit=7&after=${empty.next}`)).events)).toEqual([last.id]);
});

test("a forged, cut or foreign cursor is 400, one of another history or another view is 410", async () => {
  const { db, push, pull, call, refusal, analyst, lead, service, orgId } = await openLab();
  await push(analyst.key, decision());
  const { next } = await pull(analyst.key);
  const ask = (key: string, cursor: string) => refusal(call(`/v1/events?after=${encodeURIComponent(cursor)}`, { key }));
  const [body = "", signature = ""] = next.split(".");
  const moved = btoa(atob(body).replace('"seq":1', '"seq":0'));
  for (const cursor of [
    "",
    "x",
    "x.y",
    body,
    `${moved}.${signature}`,
    `${body}.${signature.slice(0, -2)}AA`,
    `${next}.x`,
    "%00",
    "💥.💥",
    "1".repeat(400),
  ])
    expect(await ask(analyst.key, cursor), cursor).toMatchObject({ status: 400, code: "invalid-cursor" });
  expect((await call(`/v1/events?after=${"1".repeat(401)}`, { key: analyst.key })).status).toBe(400);
  expect(await ask(lead.key, next)).toMatchObject({ status: 400 });
  const exported = await (await call("/v1/export", { key: service.key })).text();
  const { next: exportCursor } = JSON.parse(exported.trim().split("\n").at(-1) ?? "");
  expect(await ask(analyst.key, exportCursor)).toMatchObject({ status: 400 });

  const strong = await keyFor(db, orgId, "lead", { name: "lea" });
  const weak = await keyFor(db, orgId, "lead", { name: "lea", scopes: ["review"] });
  expect(await ask(weak.key, (await pull(strong.key)).next)).toMatchObject({ status: 410, code: "history-changed" });

  const { epoch } = await pull(analyst.key, `?after=${next}`);
  await renewEpoch(db);
  expect(await ask(analyst.key, next)).toMatchObject({ status: 410, code: "history-changed" });
  expect((await pull(analyst.key)).epoch).not.toBe(epoch);
  expect((await push(analyst.key, decision())).epoch).toBe((await pull(analyst.key)).epoch);
});

test("order is the server's, whatever the clients' clocks and ids say", async () => {
  const { push, pull, analyst } = await openLab();
  const future = decision({ id: "fffffff0-0000-7000-8000-000000000001", clientTime: "2036-01-01T00:00:00.000Z" });
  const past = decision({ id: "00000000-0000-7000-8000-000000000001", clientTime: "2016-01-01T00:00:00.000Z" });
  expect((await push(analyst.key, future)).results[0]?.status).toBe("stored");
  expect((await push(analyst.key, past)).results[0]?.status).toBe("stored");
  expect(idsOf((await pull(analyst.key)).events)).toEqual([future.id, past.id]);
});

test("a page of long events is cut by its bytes, and joins without gap", async () => {
  const { push, pull, analyst } = await openLab();
  const quote = "x".repeat(400);
  const spans = Array.from({ length: 200 }, () => ({
    block: 0,
    start: 0,
    end: 400,
    label: "Malware" as const,
    quote,
    source: "human" as const,
  }));
  const long = () => decision({ blocks: [{ role: "title", text: quote }], final: { threatType: "phishing", severity: "high", spans } });
  const sent = Array.from({ length: 60 }, long);
  for (let at = 0; at < sent.length; at += 2) await push(analyst.key, ...sent.slice(at, at + 2));
  const seen: string[] = [];
  const sizes: number[] = [];
  for (let after = "", more = true; more; ) {
    const page = await pull(analyst.key, after);
    seen.push(...idsOf(page.events));
    sizes.push(page.events.length);
    after = `?after=${page.next}`;
    more = page.more;
  }
  expect(seen).toEqual(sent.map(({ id }) => id));
  expect(sizes.length).toBeGreaterThan(1);
});

test("the server's time comes back to the millisecond", async () => {
  const { push, pull, clock, analyst } = await openLab();
  const times = [0, 1, 999, Date.UTC(2026, 10, 25, 23, 59, 59, 999), Date.UTC(2036, 1, 29, 0, 0, 0, 7), 1_795_632_222_653];
  for (const ms of times) {
    clock.ms = ms;
    await push(analyst.key, decision());
  }
  clock.ms += 3_600_000;
  expect((await pull(analyst.key)).events.map(({ serverTime }) => serverTime)).toEqual(times.map((ms) => new Date(ms).toISOString()));
});
