// Selector packs on the server: only signed ones with a higher counter get in, the newest goes out with ETag, each org has its own; counts are figures and nothing else.
import { expect, test } from "vitest";
import { signEnvelope, signingKey } from "../../scripts/sign-release.ts";
import { extensionOrigin } from "../../shared/extension-id.ts";
import { PackEnvelope, packKind, packPayloadType, type SelectorPack } from "../../shared/selector-pack.ts";
import { canonicalJson, openEnvelope } from "../../shared/signed-envelope.ts";
import { keyFor, newOrg, openLab, start } from "./lab.ts";
import { openReleaseLab, releaseKey } from "./release-lab.ts";

const path = "/v1/selectors/stable";
const pack = (change: Partial<SelectorPack> = {}): SelectorPack => ({
  spec: 1,
  counter: 3,
  created: new Date(start).toISOString(),
  expires: new Date(start + 86_400_000).toISOString(),
  minApp: "0.1.0",
  sites: { "jira-cloud": { comments: ["article.comment"] } },
  ...change,
});
const sign = (payload: unknown, keys = [releaseKey]) => signEnvelope(packPayloadType, payload, keys);

async function opened() {
  const lab = await openReleaseLab({}, [extensionOrigin]);
  const put = (body: unknown, key = lab.service.key) => lab.call(path, { key, method: "PUT", body });
  const counterNow = async (key = lab.analyst.key) => {
    const answer = await lab.call(path, { key });
    if (answer.status === 404) return null;
    const verified = await openEnvelope(
      new TextEncoder().encode(canonicalJson(PackEnvelope.parse(await answer.json()))),
      [releaseKey.publicKey],
      packKind,
    );
    return verified.ok && verified.payload.counter;
  };
  return { ...lab, put, counterNow };
}

test("a signed pack goes in and out again, byte for byte, with an ETag; again is harmless, a higher one takes its place", async () => {
  const { put, call, refusal, counterNow, analyst } = await opened();
  expect(await refusal(call(path, { key: analyst.key }))).toMatchObject({ status: 404, code: "not-found" });
  expect([(await put(sign(pack()))).status, (await put(sign(pack()))).status]).toEqual([201, 200]);
  const headers = { origin: extensionOrigin };
  const first = await call(path, { key: analyst.key, headers });
  expect(await first.text()).toBe(sign(pack()));
  expect(first.headers.get("cache-control")).toBe("private, no-cache");
  const again = await call(path, { key: analyst.key, headers: { ...headers, "if-none-match": first.headers.get("etag") ?? "" } });
  expect([again.status, await again.text(), again.headers.get("access-control-allow-origin")]).toEqual([304, "", extensionOrigin]);
  expect((await put(sign(pack({ counter: 4, sites: {} })))).status).toBe(201);
  expect(await counterNow()).toBe(4);
});

test("what is not signed by a trusted key, has expired, or is no pack is refused, and nothing changes", async () => {
  const { put, refusal, counterNow, logged } = await opened();
  await put(sign(pack()));
  const stranger = await signingKey("0c".repeat(32));
  const written = canonicalJson(pack({ counter: 4 }));
  for (const [name, body, status] of [
    ["unsigned", { ...JSON.parse(sign(pack({ counter: 4 }))), signatures: [] }, 400],
    ["no envelope", pack({ counter: 4 }), 400],
    ["wrong key", sign(pack({ counter: 4 }), [stranger]), 422],
    ["our key's name", sign(pack({ counter: 4 }), [{ ...stranger, keyid: releaseKey.keyid }]), 422],
    ["a release's type", signEnvelope("application/vnd.sectag.release+json", pack({ counter: 4 }), [releaseKey]), 400],
    ["expired", sign(pack({ counter: 4, created: "2026-11-01T00:00:00Z", expires: new Date(start - 1).toISOString() })), 422],
    ["unknown field", sign({ ...pack({ counter: 4 }), script: "x" }), 422],
    ["__proto__", sign(written.replace('"sites":{', '"sites":{"__proto__":{"a":["a"]},')), 422],
    [
      "too large",
      sign(pack({ counter: 4, sites: { a: { b: Array(12).fill("a".repeat(500)) } } })).replace(/"payload":"/, `$&${"A".repeat(70_000)}`),
      422,
    ],
  ] as const)
    expect(await refusal(put(body)), name).toMatchObject({ status });
  expect(await counterNow()).toBe(3);
  expect(logged.map(({ code }) => code)).toContain("selectors-unknown-key");
});

test("a counter below, equal or far above is refused; of two publishers with one counter one is told no", async () => {
  const { put, refusal, counterNow } = await opened();
  await put(sign(pack()));
  for (const change of [{ counter: 2 }, { sites: {} }, { counter: 1004 }])
    expect(await refusal(put(sign(pack(change)))), JSON.stringify(change)).toMatchObject({ status: 409, code: "conflict" });
  const both = await Promise.all([put(sign(pack({ counter: 4 }))), put(sign(pack({ counter: 4, sites: {} })))]);
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(await counterNow()).toBe(4);
});

test("who may not publish does not, who has no key is asked for one, and another org has its own", async () => {
  const { put, refusal, counterNow, analyst, lead, db } = await opened();
  for (const { key } of [analyst, lead])
    expect(await refusal(put(sign(pack()), key))).toMatchObject({ status: 403, code: "scope-missing" });
  await put(sign(pack()));
  const theirs = await newOrg(db, "Others");
  expect(await counterNow(theirs.analyst.key)).toBeNull();
  expect((await put(sign(pack({ counter: 1 })), theirs.service.key)).status).toBe(201);
  expect([await counterNow(), await counterNow(theirs.analyst.key)]).toEqual([3, 1]);
});

test("a server that trusts nobody takes no pack", async () => {
  const { call, refusal, service } = await openLab();
  expect(await refusal(call(path, { key: service.key, method: "PUT", body: sign(pack()) }))).toMatchObject({
    status: 403,
    code: "publishing-off",
  });
});

test("counts of visits are added up by adapter, kind of page and part, and nothing else of them is on the page", async () => {
  const { call, analyst, orgId, clock } = await opened();
  const send = (views: unknown) => call("/v1/selectors/visits", { key: analyst.key, body: { views } });
  const view = { site: "jira-cloud", page: "panel", visits: 10, title: 10, description: 7, comments: 0 };
  for (let n = 0; n < 2; n++) expect((await send([view, { ...view, site: "request-tracker", page: "page" }])).status).toBe(204);
  clock.ms += 60_000;
  const page = await (await call("/metrics")).text();
  const count = (part: string, found: string) =>
    new RegExp(`^sectag_selector_visits_total\\{site="jira-cloud",page="panel",part="${part}",found="${found}"\\} (\\d+)$`, "m").exec(
      page,
    )?.[1];
  expect([count("title", "yes"), count("title", "no")]).toEqual(["20", "0"]);
  expect([count("description", "yes"), count("description", "no")]).toEqual(["14", "6"]);
  expect([count("comments", "yes"), count("comments", "no")]).toEqual(["0", "20"]);
  for (const id of [orgId, analyst.id, analyst.userId]) expect(page).not.toContain(id);
});

test("counts have no room for a name, an address or a lie, and want a key with the scope review", async () => {
  const { call, refusal, analyst, service, db, orgId } = await opened();
  const view = { site: "jira-cloud", page: "panel", visits: 10, title: 10, description: 7, comments: 0 };
  const send = (views: unknown, key = analyst.key) => call("/v1/selectors/visits", { key, body: { views } });
  for (const change of [
    { site: "corp.example" },
    { page: "SOC-1" },
    { title: 11 },
    { visits: -1 },
    { visits: 1e9, title: 1e9 },
    { url: "https://x" },
  ])
    expect(await refusal(send([{ ...view, ...change }])), JSON.stringify(change)).toMatchObject({ status: 400 });
  expect(await refusal(send([]))).toMatchObject({ status: 400 });
  expect(await refusal(send(Array(101).fill(view)))).toMatchObject({ status: 400 });
  const exporter = await keyFor(db, orgId, "service", { name: "exporter", scopes: ["export"] });
  for (const key of [service.key, exporter.key]) expect(await refusal(send([view], key))).toMatchObject({ status: 403 });
  expect(await (await call("/metrics")).text()).not.toContain("sectag_selector_visits_total{");
});
