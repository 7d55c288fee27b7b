// `node tests/extension/store/export-db.ts`: writes an export of the database of today's version to tests/fixtures/db, before that version is changed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { reviewDbName, reviewDbVersion } from "../../../extension/store/review-db.ts";
import { noteTagged } from "../../../extension/store/review-log.ts";
import { intent, openLab } from "./review-lab.ts";

const { db, reviews } = await openLab();
const first = intent({ id: "019ab000-0000-7000-8000-000000000001" });
await reviews.decide(first);
await reviews.decide(intent({ id: "019ab000-0000-7000-8000-000000000002", verdict: "undo", supersedes: first.id, final: null }));
await reviews.decide(intent({ id: "019ab000-0000-7000-8000-000000000003", ticket: { system: "servicenow-classic", key: "INC0010021" } }));
const answered = await db.outbox.where({ id: first.id }).first();
if (!answered) throw new Error("The first decision is not in the outbox");
await db.outbox.where({ id: first.id }).delete();
await db.reviews.where({ id: first.id }).modify({ seq: 7 });
await db.kept.add({ id: first.id, bytes: answered.bytes, decision: answered.decision, ackedAt: 1_764_000_000_000 });
await db.sent.add({ at: 1_764_000_000_000, url: "https://sectag.example/v1/events", body: "{}", status: 200 });
await db.meta.bulkAdd([
  { key: "epoch", value: "first" },
  { key: "pull", value: { cursor: "opaque", shadowCursor: null } },
]);
await noteTagged(db, first.ticket, "https://practice-desk.atlassian.net/browse/SEC-1", first.suggestion, 1_764_000_000_000);

const native = db.backendDB();
const stores = await Promise.all(
  db.tables.map(async (table) => {
    const store = native.transaction(table.name).objectStore(table.name);
    const indexes = [...store.indexNames]
      .map((name) => store.index(name))
      .map(({ name, keyPath, unique, multiEntry }) => ({ name, keyPath, unique, multiEntry }));
    return { name: table.name, keyPath: store.keyPath, autoIncrement: store.autoIncrement, indexes, rows: await table.toArray() };
  }),
);
const file = join(import.meta.dirname, "..", "..", "fixtures", "db", `${reviewDbName}-v${reviewDbVersion}.json`);
writeFileSync(file, `${JSON.stringify({ name: reviewDbName, version: native.version, stores }, null, 1)}\n`);
db.close();
