// Keys and pairing: shown once, kept as a digest, at most the role's scopes, revoked at once, a code good for one key.
import { expect, test } from "vitest";
import { z } from "zod";
import { Me, PairResponse, Reviewer } from "../../shared/decisions.ts";
import { looksLikeKey, newKey } from "../../worker-api/credentials.ts";
import { decision } from "./decisions.ts";
import { keyFor, openLab } from "./lab.ts";

const Made = z.strictObject({ id: z.uuid(), key: z.string() });
const List = z.strictObject({ keys: z.array(z.looseObject({ id: z.string(), name: z.string(), lastUsed: z.string().nullable() })) });
const Link = z.strictObject({ link: z.string(), scopes: z.array(z.string()), expires: z.string() });

test("a key has its prefix, 160 random bits and a checksum that finds typing errors", async () => {
  const made = await Promise.all(Array.from({ length: 200 }, newKey));
  expect(new Set(made).size).toBe(200);
  for (const key of made) {
    expect(key).toMatch(/^stag_[0-9a-hjkmnp-tv-z]{32}[0-9a-f]{6}$/);
    expect(await looksLikeKey(key)).toBe(true);
  }
  const [key = ""] = made;
  let caught = 0;
  for (let at = 5; at < key.length; at++)
    if (!(await looksLikeKey(key.slice(0, at) + (key[at] === "0" ? "1" : "0") + key.slice(at + 1)))) caught++;
  expect(caught).toBe(key.length - 5);
});

test("an admin makes, lists and revokes keys; the key itself is nowhere in the database", async () => {
  const { db, call, read, refusal, clock, admin, service } = await openLab();
  const body = { userId: service.userId, name: "trainer", scopes: ["export"], days: 30 };
  const made = await read(Made, "/v1/keys", { key: admin.key, body });
  expect(await read(Me, "/v1/me", { key: made.key })).toMatchObject({
    user: { role: "service" },
    scopes: ["export"],
    keyExpires: "2026-12-25T12:00:00.000Z",
  });
  const all = JSON.stringify((await db.$client.execute("SELECT * FROM keys")).rows);
  expect(all).not.toContain(made.key.slice(5, 37));
  const listed = async () => (await read(List, "/v1/keys", { key: admin.key })).keys.find(({ id }) => id === made.id);
  expect(await listed()).toMatchObject({ name: "trainer", revoked: null, lastUsed: "2026-11-25T12:00:00.000Z" });
  clock.ms += 60_000;
  await read(Me, "/v1/me", { key: made.key });
  expect((await listed())?.lastUsed).toBe("2026-11-25T12:00:00.000Z");
  clock.ms += 3_600_000;
  await read(Me, "/v1/me", { key: made.key });
  expect((await listed())?.lastUsed).toBe("2026-11-25T13:01:00.000Z");
  expect((await call(`/v1/keys/${made.id}`, { key: admin.key, method: "DELETE" })).status).toBe(204);
  expect((await call(`/v1/keys/${made.id}`, { key: admin.key, method: "DELETE" })).status).toBe(204);
  expect(await refusal(call("/v1/me", { key: made.key }))).toMatchObject({ status: 401, code: "key-invalid" });
  expect(await listed()).toMatchObject({ revoked: "2026-11-25T13:01:00.000Z" });
  expect(await refusal(call(`/v1/keys/${crypto.randomUUID()}`, { key: admin.key, method: "DELETE" }))).toMatchObject({ status: 404 });
});

test("a key may not do more than its user's role", async () => {
  const { call, refusal, admin, analyst, lead } = await openLab();
  for (const [userId, scopes] of [
    [analyst.userId, ["lead"]],
    [analyst.userId, ["review", "admin"]],
    [lead.userId, ["export"]],
  ] as const)
    expect(await refusal(call("/v1/keys", { key: admin.key, body: { userId, scopes, name: "x", days: null } }))).toMatchObject({
      status: 409,
    });
  for (const body of [
    {},
    { userId: analyst.userId, name: "", scopes: ["review"], days: 1 },
    { userId: analyst.userId, name: "x", scopes: [], days: 1 },
  ])
    expect(await refusal(call("/v1/keys", { key: admin.key, body }))).toMatchObject({ status: 400, code: "invalid-request" });
  const keyOf = lead.key;
  for (const path of ["/v1/keys", "/v1/users"]) expect((await call(path, { key: keyOf })).status).toBe(403);
});

test("a pairing link gives one key, once, before it expires; two at the same moment get one", async () => {
  const { call, read, refusal, clock, admin } = await openLab();
  const user = await read(Reviewer, "/v1/users", { key: admin.key, body: { name: "Ada", role: "lead" } });
  for (const [name, status] of [
    ["Ada", 409],
    ["Ad\u0000a", 400],
    ["", 400],
  ] as const)
    expect(await refusal(call("/v1/users", { key: admin.key, body: { name, role: "lead" } }))).toMatchObject({ status });
  const newCode = async () =>
    (await read(Link, "/v1/pairings", { key: admin.key, body: { userId: user.id, minutes: 5 } })).link.split("#")[1] ?? "";
  const code = await newCode();
  const pair = (value: string) => call("/v1/pair", { body: { code: value, client: "Chromium on a test" } });
  const both = await Promise.all([pair(code), pair(code), pair(code)]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
  const { key, me } = PairResponse.parse(await both.find(({ ok }) => ok)?.json());
  expect(me).toEqual(await read(Me, "/v1/me", { key }));
  expect(me).toMatchObject({ user: { id: user.id, name: "Ada", role: "lead" }, scopes: ["review", "lead"] });
  const late = await newCode();
  clock.ms += 5 * 60_000;
  expect(await refusal(pair(late))).toMatchObject({ status: 403, code: "pairing-invalid" });
  expect(await refusal(pair("z".repeat(32)))).toMatchObject({ status: 403, code: "pairing-invalid" });
  expect(await refusal(pair("short"))).toMatchObject({ status: 400, code: "invalid-request" });
});

test("names of persons are text: they come back as they were given, and become no markup", async () => {
  const { db, orgId, push, pull } = await openLab();
  const name = `<img src=x onerror=alert(1)>"'\\\u2028💥`;
  const person = await keyFor(db, orgId, "lead", { name });
  await push(person.key, decision());
  expect((await pull(person.key)).events).toMatchObject([{ reviewer: { name } }]);
});
