// A server that was restored from a backup: what it lacks comes again, also what is kept no more.
import { expect, test } from "vitest";
import { syncOverview } from "../../../extension/store/review-log.ts";
import { renewEpoch } from "../../../worker-api/database.ts";
import { intent } from "./review-lab.ts";
import { startClient, startServer } from "./sync-lab.ts";

test("a restored server gets again what it lost, and the other browser's picture follows it", async () => {
  const server = await startServer();
  const one = await startClient(server.analyst, server.answer);
  const other = await startClient(server.analyst, server.answer);
  const made = [intent(), intent()];
  for (const each of made) await one.reviews.decide(each);
  await one.sync();
  await other.sync();
  await server.db.$client.execute("DELETE FROM events WHERE seq = 2");
  await renewEpoch(server.db);
  await other.sync();
  expect(await other.db.reviews.count()).toBe(1);
  await one.sync();
  expect(await syncOverview(one.db)).toMatchObject({ pending: 0, dead: 0 });
  await other.sync();
  expect((await other.db.reviews.toArray()).map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  const { rows } = await server.db.$client.execute("SELECT count(*) AS n FROM events");
  expect(Number(rows[0]?.n)).toBe(2);
});

test("what the full disk took the words of goes to a restored server without them; what that server still has stays as it is", async () => {
  const server = await startServer();
  const client = await startClient(server.analyst, server.answer);
  const [there, lost] = [intent(), intent()];
  for (const each of [there, lost]) await client.reviews.decide(each);
  await client.sync();
  await client.db.kept.clear();
  await server.db.$client.execute("DELETE FROM events WHERE seq = 2");
  await renewEpoch(server.db);
  expect(await client.sync(true)).toMatchObject({ status: { state: "idle" } });
  const { rows } = await server.db.$client.execute("SELECT id, verdict, final, texts FROM events ORDER BY seq");
  expect(rows.map(({ id, verdict, final }) => [id, verdict, final])).toEqual([
    [there.id, "accept", "phishing_high"],
    [lost.id, "accept", "phishing_high"],
  ]);
  expect(rows.map(({ texts }) => String(texts).includes("reset the password"))).toEqual([true, false]);
  expect(await syncOverview(client.db)).toMatchObject({ pending: 0, dead: 0 });
  expect((await client.db.reviews.toArray()).map(({ seq, doubt }) => [seq !== null, doubt ?? null])).toEqual([
    [true, null],
    [true, null],
  ]);
});
