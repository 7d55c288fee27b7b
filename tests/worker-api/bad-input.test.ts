// Bad input of every kind: the right 4xx problem that says what to do, an item's own where it is a batch, and nothing half-applied.
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import { limits } from "../../shared/decisions.ts";
import { createKey } from "../../worker-api/accounts.ts";
import { decision } from "./decisions.ts";
import { openLab, start } from "./lab.ts";

const MB = 1024 * 1024;

test("a body that is not one whole JSON push is refused as a whole", async () => {
  const { call, refusal, pull, analyst } = await openLab();
  const { key } = analyst;
  const push = (body: unknown, headers = {}) => refusal(call("/v1/events", { key, body, headers }));
  const good = decision();
  const refused: [string, unknown, Record<string, string>, number, string][] = [
    ["cut JSON", '{"events": [', {}, 400, "malformed-json"],
    ["no JSON", "events", {}, 400, "malformed-json"],
    ["nothing", "", {}, 400, "malformed-json"],
    ["two values", "{}{}", {}, 400, "malformed-json"],
    ["no UTF-8", Uint8Array.from([0x7b, 0xff, 0x7d]), {}, 400, "malformed-json"],
    ["no gzip", JSON.stringify({ events: [good] }), { "content-encoding": "gzip" }, 400, "malformed-json"],
    ["cut gzip", gzipSync(JSON.stringify({ events: [good] })).subarray(0, 200), { "content-encoding": "gzip" }, 400, "malformed-json"],
    ["other packing", "{}", { "content-encoding": "br" }, 415, "unsupported-type"],
    ["other type", "events=1", { "content-type": "application/x-www-form-urlencoded" }, 415, "unsupported-type"],
    ["text", '{"events":[]}', { "content-type": "text/plain" }, 415, "unsupported-type"],
    ["list", [], {}, 400, "invalid-request"],
    ["null", "null", {}, 400, "invalid-request"],
    ["wrong type", { events: "all" }, {}, 400, "invalid-request"],
    ["no events", { events: [] }, {}, 400, "invalid-request"],
    ["unknown field", { events: [good], force: true }, {}, 400, "invalid-request"],
    ["prototype", '{"events":[{}],"__proto__":{"x":1}}', {}, 400, "invalid-request"],
    ["101 events", { events: Array.from({ length: 101 }, () => decision()) }, {}, 400, "invalid-request"],
    ["300 KB", { events: [decision({ blocks: [{ role: "comment", text: "x".repeat(300 * 1024) }] })] }, {}, 413, "too-large"],
    ["300 KB of space", `${" ".repeat(300 * 1024)}{}`, {}, 413, "too-large"],
    ["gzip bomb", gzipSync(Buffer.alloc(50 * MB, " ")), { "content-encoding": "gzip" }, 413, "too-large"],
    [
      "301 KB as gzip",
      gzipSync(JSON.stringify({ events: [good], x: "y".repeat(301 * 1024) })),
      { "content-encoding": "gzip" },
      413,
      "too-large",
    ],
  ];
  for (const [name, body, headers, status, code] of refused) expect(await push(body, headers), name).toMatchObject({ status, code });
  expect((await pull(key)).events).toEqual([]);
  expect(await push({ events: Array.from({ length: 101 }, () => decision()) })).toMatchObject({
    problem: { errors: [{ path: "events" }] },
  });
});

test("what is at the limit is taken: 100 events, gzip, the last byte", async () => {
  const { call, pull, analyst } = await openLab();
  const push = (body: unknown, headers = {}) => call("/v1/events", { key: analyst.key, body, headers });
  const batch = JSON.stringify({ events: Array.from({ length: 100 }, () => decision()) });
  expect((await push(gzipSync(batch), { "content-encoding": "gzip" })).status).toBe(200);
  const short = JSON.stringify({ events: [decision()] });
  expect((await push(short + " ".repeat(limits.batchBytes - short.length))).status).toBe(200);
  expect((await push(short + " ".repeat(limits.batchBytes - short.length + 1))).status).toBe(413);
  expect((await pull(analyst.key)).events).toHaveLength(101);
});

test("a bomb, and a body without end, are stopped at the cap", async () => {
  const { app, analyst } = await openLab();
  let unpacked = 0;
  const Real = DecompressionStream;
  vi.stubGlobal("DecompressionStream", function counting() {
    const real = new Real("gzip");
    const count = new TransformStream<Uint8Array>({
      transform(chunk, controller) {
        unpacked += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    return { writable: real.writable, readable: real.readable.pipeThrough(count) };
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const headers = { authorization: `Bearer ${analyst.key}`, "content-type": "application/json" };
  const send = (body: ReadableStream<Uint8Array<ArrayBuffer>>, more = {}) =>
    app.request("/v1/events", { method: "POST", headers: { ...headers, ...more }, body, duplex: "half" } as RequestInit);

  const bomb = Uint8Array.from(gzipSync(Buffer.alloc(200 * MB, "a")));
  expect(bomb.length).toBeLessThan(limits.batchBytes);
  const packed = new Blob([bomb]).stream();
  expect((await send(packed, { "content-encoding": "gzip" })).status).toBe(413);
  expect(unpacked).toBeLessThan(limits.batchBytes + 128 * 1024);
  expect(unpacked).toBeGreaterThan(limits.batchBytes - 1);

  let taken = 0;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      taken += 4096;
      controller.enqueue(new Uint8Array(4096).fill(32));
    },
  });
  expect((await send(endless)).status).toBe(413);
  expect(taken).toBeLessThan(limits.batchBytes + 64 * 1024);
});

test("an event that breaks the contract is rejected with what is wrong where, and nothing of it is stored", async () => {
  const { push, pull, analyst } = await openLab();
  const { final, suggestion, ticket } = decision();
  if (!final) throw new Error("no final");
  const [span] = final.spans;
  const spans = (changes: object) => ({ final: { ...final, spans: [{ ...span, ...changes }] } });
  const broken: [string, object, string][] = [
    ["unknown field", { reviewer: { id: "boss" } }, ""],
    ["unknown kind", { kind: "ruling" }, "kind"],
    ["unknown type of threat", { final: { ...final, threatType: "aliens" } }, "final.threatType"],
    ["unknown severity", { final: { ...final, severity: "urgent" } }, "final.severity"],
    ["unknown label of a span", spans({ label: "Planet" }), "final.spans.0.label"],
    ["wrong quote", spans({ quote: "good" }), "final.spans.0.quote"],
    ["wrong offsets", spans({ start: 1, end: 5 }), "final.spans.0.quote"],
    ["offsets behind the end", spans({ start: 1000, end: 1004 }), "final.spans.0.quote"],
    ["negative offset", spans({ start: -1 }), "final.spans.0.start"],
    ["half an offset", spans({ start: 0.5 }), "final.spans.0.start"],
    ["no such block", spans({ block: 39 }), "final.spans.0.quote"],
    ["no UUID", { id: "1" }, "id"],
    ["a UUID of version 4", { id: "6e50f1e8-5b1f-4f64-8f2f-0f3f5d0f9f51" }, "id"],
    ["text for a number", { dwellMs: "12" }, "dwellMs"],
    ["no number", { dwellMs: Number.NaN }, "dwellMs"],
    ["wrong time", { clientTime: "yesterday" }, "clientTime"],
    ["unknown system", { ticket: { ...ticket, system: "paper" } }, "ticket.system"],
    ["wrong hash", { ticket: { ...ticket, hash: "A".repeat(64) } }, "ticket.hash"],
    ["more than sure", { suggestion: { ...suggestion, confidence: 1.01 } }, "suggestion.confidence"],
    ["an undo of nothing", { verdict: "undo", final: null }, "verdict"],
    ["an accepted other tag", { final: { ...final, severity: "low" } }, "verdict"],
    ["a long block", { blocks: [{ role: "title", text: "x".repeat(limits.blockText + 1) }] }, "blocks.0.text"],
    ["41 blocks", { blocks: Array.from({ length: 41 }, () => ({ role: "comment", text: "" })) }, "blocks"],
  ];
  for (const [name, changes, path] of broken) {
    const { results } = await push(analyst.key, { ...decision(), ...changes });
    expect(results, name).toMatchObject([{ status: "rejected", problem: { type: "urn:sectag:problem:invalid-event", status: 422 } }]);
    expect(results[0]?.status === "rejected" && results[0].problem.errors?.[0]?.path, name).toBe(path);
  }
  const wide = decision({
    blocks: Array.from({ length: 4 }, () => ({ role: "comment" as const, text: "€".repeat(15_000) })),
    final: { ...final, spans: [] },
  });
  expect((await push(analyst.key, wide)).results).toMatchObject([
    { status: "rejected", problem: { type: "urn:sectag:problem:too-large" } },
  ]);
  expect((await pull(analyst.key)).events).toEqual([]);
});

test("a problem repeats nothing long of what was sent", async () => {
  const { call, analyst } = await openLab();
  const secret = "hunter2".repeat(3000);
  const answer = await call("/v1/events", { key: analyst.key, body: { events: [{ ...decision(), [secret]: 1, verdict: secret }] } });
  expect((await answer.text()).length).toBeLessThan(2000);
});

test("no key, a wrong, expired, revoked or misplaced key is 401; a wrong scope 403", async () => {
  const { db, orgId, call, refusal, clock, analyst, service, admin } = await openLab();
  const expires = start + 1000;
  const short = await createKey(db, { orgId, userId: analyst.userId, name: "short", scopes: ["review"], expires, now: start });
  const me = (headers: Record<string, string>) => call("/v1/me", { headers });
  expect((await me({ authorization: `bearer ${short.key}` })).status).toBe(200);
  clock.ms = expires;
  expect(await refusal(me({ authorization: `Bearer ${short.key}` }))).toMatchObject({ status: 401, code: "key-invalid" });
  expect((await call(`/v1/keys/${analyst.id}`, { key: admin.key, method: "DELETE" })).status).toBe(204);
  expect(await refusal(call("/v1/me", { key: analyst.key }))).toMatchObject({ status: 401, code: "key-invalid" });
  const { key } = admin;
  const flipped = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
  const unknown = "stag_00000000000000000000000000000000b0c6a4";
  for (const wrong of [flipped, unknown, `${key}x`, key.slice(1), "x", "a".repeat(10_000), "' OR 1=1 --"])
    expect((await call("/v1/me", { key: wrong })).status, wrong).toBe(401);
  for (const headers of [
    {},
    { authorization: key },
    { authorization: `Basic ${btoa(`x:${key}`)}` },
    { cookie: `key=${key}` },
    { "x-api-key": key },
  ])
    expect((await me(headers)).headers.get("www-authenticate")).toBe("Bearer");
  expect(await refusal(call(`/v1/me?key=${key}&access_token=${key}`))).toMatchObject({ status: 401, code: "key-missing" });
  expect(await refusal(call("/v1/events", { key: service.key }))).toMatchObject({ status: 403, code: "scope-missing" });
});

test("numbers and ids in addresses are checked: no 5xx, nothing found", async () => {
  const { call, refusal, lead } = await openLab();
  for (const query of ["limit=0", "limit=501", "limit=1.5", "limit=x", "limit=", "limit=-1", "limit=1e9", "limit=%00"])
    expect(await refusal(call(`/v1/events?${query}`, { key: lead.key })), query).toMatchObject({ status: 400, code: "invalid-request" });
  for (const id of ["1", "a".repeat(63), "A".repeat(64), "'--", "%00", "%F0%9F%92%A5", "%"])
    expect((await call(`/v1/tickets/${id}`, { key: lead.key })).status, id).toBe(400);
  expect(await refusal(call(`/v1/tickets/${"a".repeat(64)}`, { key: lead.key }))).toMatchObject({ status: 404, code: "not-found" });
});
