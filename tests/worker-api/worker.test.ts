// The Worker under real workerd, on a remote libSQL by URL. No server of libSQL is on this machine: tests/worker-api/hrana-server.ts
// speaks its protocol before a real libSQL file, so that what is proved is our SQL and @libsql/client's way, not sqld itself.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { extensionOrigin } from "../../shared/extension-id.ts";
import { createOrg, createPairing, createUser, roleScopes } from "../../worker-api/accounts.ts";
import { openDatabase } from "../../worker-api/database.ts";
import { pairWith } from "./child-server.ts";
import { decision } from "./decisions.ts";
import { startHranaServer } from "./hrana-server.ts";
import { keyFor, openLab, start, testFolder, ticketIdOf } from "./lab.ts";
import { startWorker, token } from "./worker-lab.ts";

test("under workerd: pairing, push, pull, export, labels, erasure, limits and figures, on a remote database", {
  timeout: 180_000,
}, async () => {
  const file = join(testFolder(), "remote.db");
  const { url, stop } = await startHranaServer({ file, token });
  const origin = await startWorker(url);
  const ask = (path: string, key = "", init: RequestInit = {}) =>
    fetch(origin + path, { ...init, headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...init.headers } });
  expect((await ask("/healthz")).status).toBe(200);
  expect(await (await ask("/readyz")).json()).toMatchObject({ type: "urn:sectag:problem:database-outdated", status: 503 });

  const db = await openDatabase({ url, authToken: token });
  expect((await ask("/readyz")).status).toBe(200);
  const orgId = await createOrg(db, { name: "Blue team", now: start });
  const { id: userId } = await createUser(db, { orgId, name: "Lea", role: "lead", now: start });
  const code = await createPairing(db, { orgId, userId, scopes: roleScopes.lead, expires: Date.now() + 60_000 });
  const key = await pairWith(origin, code);
  expect(await (await ask("/v1/me", key)).json()).toMatchObject({ user: { name: "Lea", role: "lead" }, org: { id: orgId } });

  // The same requests to the app under Node on memory, and to the Worker: the same answers but for what is made anew.
  const node = await openLab({ now: Date.now });
  const other = await keyFor(node.db, node.orgId, "lead", { name: "Lea" });
  const [first, second] = [decision(), decision({ key: "SEC-2" })];
  const batch = { events: [first, { ...second, verdict: "maybe" }, second, first, { ...first, dwellMs: 1 }] };
  const requests: [string, RequestInit][] = [
    ["/v1/events", { method: "POST", body: JSON.stringify(batch) }],
    ["/v1/events", { method: "POST", body: Uint8Array.from(gzipSync(JSON.stringify(batch))), headers: { "content-encoding": "gzip" } }],
    ["/v1/events?limit=1", {}],
    ["/v1/events", {}],
    ["/v1/tickets", {}],
    [`/v1/tickets/${ticketIdOf("SEC-1")}`, { method: "DELETE" }],
    [`/v1/tickets/${ticketIdOf("SEC-9")}`, { method: "DELETE" }],
    ["/v1/events", {}],
    ["/v1/export", {}],
    ["/v1/events?after=forged", {}],
    ["/v1/events", { method: "POST", body: "{" }],
    [
      "/v1/events",
      { method: "POST", body: Uint8Array.from(gzipSync(Buffer.alloc(5_000_000, " "))), headers: { "content-encoding": "gzip" } },
    ],
    ["/v1/nothing", {}],
    ["/openapi.json", {}],
  ];
  const same = (text: string) =>
    text.replace(/"(epoch|next|serverTime)":"[^"]*"/g, '"$1":"…"').replace(/"reviewer":\{"id":"[^"]*"/g, '"reviewer":{"id":"…"');
  for (const [path, init] of requests) {
    const there = await ask(path, key, init);
    const headers = { authorization: `Bearer ${other.key}`, "content-type": "application/json", ...init.headers };
    const here = await node.app.request(path, { ...init, headers });
    expect(`${there.status} ${same(await there.text())}`, path).toBe(`${here.status} ${same(await here.text())}`);
  }

  const preflight = await ask("/v1/events", "", {
    method: "OPTIONS",
    headers: { origin: extensionOrigin, "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-origin")).toBe(extensionOrigin);
  expect(await (await ask("/metrics")).text()).toContain('sectag_auto_tag_accuracy_ratio{model="2026.48.1",threat_type="phishing"} 1');
  const pages = await Promise.all(Array.from({ length: 40 }, () => ask("/v1/me", key)));
  expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200]));

  await stop();
  const unreached = await ask("/v1/events", key, { method: "POST", body: JSON.stringify({ events: [decision()] }) });
  expect(await unreached.json()).toMatchObject({ type: "urn:sectag:problem:database-unavailable", status: 503 });
});
