// Two orgs, every route, every id of the other: nothing leaks and nothing changes. Routes come from the OpenAPI document.
import { expect, test } from "vitest";
import { signEnvelope } from "../../scripts/sign-release.ts";
import { PackEnvelope, packPayloadType } from "../../shared/selector-pack.ts";
import { openApiDocument } from "../../worker-api/docs.ts";
import { decision } from "./decisions.ts";
import { keyFor, newOrg, openLab, start, ticketIdOf } from "./lab.ts";
import { modelBytes, openReleaseLab, releaseKey } from "./release-lab.ts";

/** What belongs to an org and may be in no answer to another. */
async function furnished() {
  const lab = await openReleaseLab();
  const theirs = await newOrg(lab.db, "Org-of-others");
  const release = await lab.publish("others", { version: "2026.77.7", counter: 5 }, theirs.service.key);
  await lab.point("stable", 5, 33, theirs.service.key);
  const times = { created: new Date(start).toISOString(), expires: new Date(start + 86_400_000).toISOString() };
  const sites = { "jira-cloud": { comments: ["article.of-others"] } };
  const pack = signEnvelope(packPayloadType, { spec: 1, counter: 5, ...times, minApp: "0.1.0", sites }, [releaseKey]);
  await lab.call("/v1/selectors/stable", { key: theirs.service.key, method: "PUT", body: pack });
  const person = await keyFor(lab.db, theirs.orgId, "analyst", { name: "Person-of-others" });
  const one = decision({
    key: "OTHERS-1",
    blocks: [
      { role: "title", text: "Words-of-others" },
      { role: "description", text: "evil of others" },
    ],
  });
  await lab.push(person.key, one);
  const cursor = (await lab.pull(person.key)).next;
  const words = [
    "Org-of-others",
    "Person-of-others",
    "OTHERS-1",
    "Words-of-others",
    "evil of others",
    "of others. ",
    '"percent":33',
    PackEnvelope.parse(JSON.parse(pack)).payload,
  ];
  const file = release.files[0]?.sha256 ?? "";
  const people = [theirs.orgId, person.userId, person.id, theirs.admin.id, theirs.lead.userId];
  const ids = [...people, ticketIdOf("OTHERS-1"), one.id, cursor, file];
  return { ...lab, theirs, person, one, cursor, words, ids, release };
}

test("no route gives, with any key of one org and any id of the other in any place, anything of the other", {
  timeout: 90_000,
}, async () => {
  const lab = await furnished();
  const { app, call, ids, words, one, person, theirs, release } = lab;
  const paths = openApiDocument(app).paths ?? {};
  const before = await snapshot(lab);
  let asked = 0;
  const told: string[] = [];
  for (const mine of [lab.analyst, lab.lead, lab.admin, lab.service])
    for (const [template, operations] of Object.entries(paths))
      for (const method of Object.keys(operations ?? {}))
        for (const id of [...ids, release.version]) {
          const path = template.replace(/\{\w+\}/, id);
          const bodies = method === "post" ? bodiesWith(id, one) : method === "put" ? [{ counter: 5, percent: 1 }, id] : [undefined];
          for (const query of method === "get" ? ["", `?after=${id}`, `?org=${id}&orgId=${id}&userId=${id}`] : [""])
            for (const body of bodies) {
              const answer = await call(path + query, {
                method: method.toUpperCase(),
                key: mine.key,
                ...(body === undefined ? {} : { body }),
              });
              const text = await answer.text();
              asked++;
              // Figures are by version of a model, of all orgs.
              const version = template === "/metrics" || id === release.version ? [] : [release.version];
              const others = [...words, ...version, ...ids.filter((known) => known !== id && known !== one.id)];
              for (const word of others.filter((word) => text.includes(word))) told.push(`${method} ${path}${query} tells ${word}`);
              if (answer.status >= 500) told.push(`${method} ${path}${query} fails`);
            }
        }
  expect(told).toEqual([]);
  expect(asked).toBeGreaterThan(500);
  expect(await snapshot(lab)).toEqual(before);
  expect((await call("/v1/me", { key: person.key })).status).toBe(200);
  expect((await call("/v1/me", { key: theirs.admin.key })).status).toBe(200);
});

/** Bodies that name the id wherever a body of ours names one. */
const bodiesWith = (id: string, one: ReturnType<typeof decision>) => [
  { userId: id, name: "x", scopes: ["review"], days: 1 },
  { userId: id },
  { userId: id, minutes: 5 },
  { code: id, client: "x" },
  { events: [one] },
  { events: [{ ...one, dwellMs: 1 }] },
];

/** All that the other org has, as its own admin and lead see it. */
async function snapshot({ call, theirs }: Awaited<ReturnType<typeof furnished>>) {
  const seen: string[] = [];
  for (const path of [
    "/v1/events",
    "/v1/tickets",
    "/v1/keys",
    "/v1/users",
    "/v1/export",
    "/v1/models",
    "/v1/models/channels/stable",
    "/v1/selectors/stable",
    "/v1/waiting",
  ]) {
    const answer = await call(path, { key: theirs.admin.key });
    expect(answer.status, path).toBe(200);
    seen.push((await answer.text()).replace(/"lastUsed":("[^"]*"|null)/g, "").replace(/"next":"[^"]*"/g, ""));
  }
  return seen;
}

test("files of another org make no release of one's own, nor does its release move one's channel", async () => {
  const { post, point, put, refusal, release, service } = await furnished();
  expect(await refusal(post(release))).toMatchObject({ status: 422, code: "release-refused" });
  expect(await refusal(point("stable", 5))).toMatchObject({ status: 404 });
  for (const { path, sha256 } of release.files) await put(modelBytes("others").get(path) ?? new Uint8Array(), sha256, {}, service.key);
  // Counters and versions are each org's own.
  expect((await post(release)).status).toBe(201);
});

test("each route below /v1 but pairing wants a key, and a scope that not every key has", async () => {
  const { app, call, refusal, db, orgId } = await openLab();
  const none = await keyFor(db, orgId, "analyst", { name: "nobody", scopes: [] });
  let asked = 0;
  for (const [template, operations] of Object.entries(openApiDocument(app).paths ?? {}))
    for (const [method, operation] of Object.entries(operations ?? {})) {
      const open = !template.startsWith("/v1/") || template === "/v1/pair";
      expect(Boolean((operation as { security?: unknown[] }).security?.length), template).toBe(!open);
      if (open) continue;
      asked++;
      const path = template.replace("{ticketId}", "a".repeat(64)).replace("{keyId}", "01a21407-2c84-4086-ad79-e7bd227d0083");
      const how = { method: method.toUpperCase(), ...(method === "post" ? { body: {} } : {}) };
      expect(await refusal(call(path, how)), path).toMatchObject({ status: 401, code: "key-missing" });
      if (template !== "/v1/me")
        expect(await refusal(call(path, { ...how, key: none.key })), path).toMatchObject({ status: 403, code: "scope-missing" });
    }
  expect(asked).toBeGreaterThan(10);
});
