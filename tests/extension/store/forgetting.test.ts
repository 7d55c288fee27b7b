// What may not go along or stay: the decisions of the org before at another one's server, and the words of a ticket that was erased.
import { expect, test } from "vitest";
import { applyPage, forgetCopies, readPull } from "../../../extension/store/apply-page.ts";
import { ticketIdOf } from "../../../extension/store/ticket-id.ts";
import { EventPage } from "../../../shared/decisions.ts";
import { renewEpoch } from "../../../worker-api/database.ts";
import { intent } from "./review-lab.ts";
import { startClient, startServer } from "./sync-lab.ts";

test("another org's server gets nothing that was sent before, also when it is restored, and its history takes the place", async () => {
  const [first, second] = [await startServer(), await startServer()];
  const one = await startClient(first.analyst, first.answer);
  const theirs = intent();
  await one.reviews.decide(theirs);
  await one.sync();
  const ruling = await startClient(first.lead, first.answer);
  await ruling.reviews.decide(intent());
  await ruling.sync();
  await one.sync();
  expect([await one.db.kept.count(), await one.db.reviews.count()]).toEqual([1, 2]);
  const moved = await startClient(second.analyst, second.answer, one);
  const ours = intent();
  await moved.reviews.decide(ours);
  expect(await moved.sync(true)).toMatchObject({ status: { state: "idle" } });
  const { rows } = await second.db.$client.execute("SELECT id FROM events");
  expect(rows.map(({ id }) => id)).toEqual([ours.id]);
  // The first org's ruling is no more; what was decided here stays.
  expect((await moved.db.reviews.toArray()).map(({ id }) => id).sort()).toEqual([theirs.id, ours.id].sort());
  await moved.sync(true);
  expect(await moved.db.kept.count()).toBe(1);
  // Nor does it when it is restored, and asks for what it lacks.
  await renewEpoch(second.db);
  await moved.sync(true);
  expect((await second.db.$client.execute("SELECT id FROM events")).rows.map(({ id }) => id)).toEqual([ours.id]);
});

test("another person at the same server sends nothing that the one before had sent, also when the server has lost it", async () => {
  const server = await startServer();
  const ana = await startClient(server.analyst, server.answer);
  await ana.reviews.decide(intent());
  await ana.sync();
  const lea = await startClient(server.lead, server.answer, ana);
  await lea.sync(true);
  await server.db.$client.execute("DELETE FROM events");
  await renewEpoch(server.db);
  expect(await lea.sync(true)).toMatchObject({ status: { state: "idle" } });
  expect((await server.db.$client.execute("SELECT id FROM events")).rows).toEqual([]);
  expect([await lea.db.outbox.count(), await lea.db.dead.count(), await lea.db.reviews.count()]).toEqual([0, 0, 1]);
});

test("an erased ticket's words leave every table, the inspector and the second copy; what was decided stays and is sent", async () => {
  const server = await startServer();
  const one = await startClient(server.analyst, server.answer);
  await one.reviews.decide(intent());
  await one.sync();
  const [late, refused] = [intent(), intent()];
  await one.reviews.decide(late);
  await one.reviews.decide(refused);
  const row = await one.db.outbox.get({ id: refused.id });
  if (!row) throw new Error("Nothing waits");
  const { id, bytes, decision } = row;
  await one.db.dead.put({ id, bytes, decision, problem: { type: "urn:sectag:problem:test", title: "no", status: 422 }, at: 0 });
  await one.db.outbox.where({ id }).delete();
  await server.answer(
    new Request(`http://127.0.0.1/v1/tickets/${await ticketIdOf(late.ticket)}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${server.lead}` },
    }),
  );
  const page = await (
    await server.answer(new Request("http://127.0.0.1/v1/events", { headers: { authorization: `Bearer ${server.analyst}` } }))
  ).json();
  await forgetCopies(one.db, one.mirror, EventPage.parse(page).events);
  await one.db.meta.put({ key: "pull", value: { cursor: null, shadowCursor: null } });
  await applyPage(one.db, await readPull(one.db), EventPage.parse(page));
  const { reviews, outbox, kept, dead, sent } = one.db;
  const everything = await Promise.all([reviews, outbox, kept, dead, sent].map((table) => table.toArray()));
  const copies = await one.area.get(null);
  for (const words of ["reset the password", "Emotet", "Suspicious mail"])
    expect(JSON.stringify([everything, copies])).not.toContain(words);
  expect([await outbox.count(), await kept.count(), await dead.count(), Object.keys(copies).length]).toEqual([1, 1, 1, 2]);
  await one.sync(true);
  expect(await outbox.count()).toBe(0);
});
