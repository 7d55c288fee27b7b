// The real API for the trainer's tests: `node api-server.ts FOLDER ORGS PUBLIC_KEY...` prints one line of JSON and serves until its input ends.
import { join } from "node:path";
import type { Scope } from "../../shared/decisions.ts";
import { createKey, createOrg, createUser } from "../../worker-api/accounts.ts";
import { readConfig } from "../../worker-api/config.ts";
import { startServer } from "../../worker-api/start-server.ts";

const [folder = ".", orgs = "1", ...keys] = process.argv.slice(2);
// Limits are tested elsewhere; here they would only make the tests slow.
const unlimited = { burst: 1e9, perSecond: 1e9 };
const environment = {
  SECTAG_DATABASE: join(folder, "sectag.db"),
  SECTAG_PORT: "0",
  SECTAG_LOG: "error",
  SECTAG_RELEASE_KEYS: keys.join(","),
};
const server = await startServer(readConfig(environment), {
  log: (entry) => console.error(JSON.stringify(entry)),
  limits: { perKey: unlimited, pairing: unlimited },
});
const now = Date.now();
const made = [];
for (let org = 0; org < Number(orgs); org++) {
  const orgId = await createOrg(server.db, { name: `Org ${org}`, now });
  const service = await createUser(server.db, { orgId, name: "trainer", role: "service", now });
  const analyst = await createUser(server.db, { orgId, name: "analyst", role: "analyst", now });
  const lead = await createUser(server.db, { orgId, name: "lead", role: "lead", now });
  const keyOf = async (userId: string, scope: Scope) =>
    (await createKey(server.db, { orgId, userId, name: "test", scopes: [scope], expires: null, now })).key;
  made.push({
    publisher: await keyOf(service.id, "publish"),
    exporter: await keyOf(service.id, "export"),
    reader: await keyOf(analyst.id, "review"),
    lead: await keyOf(lead.id, "lead"),
  });
}
console.log(JSON.stringify({ origin: server.origin, orgs: made }));
process.stdin.resume().once("end", () => void server.stop());
