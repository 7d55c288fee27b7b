// Pages of the server's history that two contexts fetch at the same time: the slower one may not take its page for what it is no more.
import { expect, test } from "vitest";
import { applyPage, readPull } from "../../../extension/store/apply-page.ts";
import { prepareDecision, viewOf } from "../../../extension/store/prepare-decision.ts";
import type { EventPage } from "../../../shared/decisions.ts";
import { intent, openLab } from "./review-lab.ts";

const reviewer = { id: "lea", name: "Lea", role: "lead" } as const;

async function pageOf(seqs: number[], more: boolean): Promise<EventPage> {
  const events = seqs.map(async (seq) => {
    const decision = viewOf(await prepareDecision(intent(), { restricted: false, ownDomains: [] }));
    return { kind: "decision" as const, seq, serverTime: "2026-11-25T09:00:00.000Z", reviewer, decision };
  });
  return { epoch: "one", events: await Promise.all(events), next: `behind ${seqs.at(-1)}`, more };
}

test("the last page of a history that another context has completed meanwhile is not taken for the whole", async () => {
  const { db } = await openLab();
  const [first, last] = [await pageOf([1, 2], true), await pageOf([3], false)];
  await applyPage(db, await readPull(db), first);
  const slow = await readPull(db);
  expect(await applyPage(db, await readPull(db), last)).toBe(true);
  expect(await applyPage(db, slow, last)).toBe(false);
  expect((await db.reviews.orderBy("n").toArray()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(await readPull(db)).toEqual({ cursor: "behind 3", shadowCursor: null });
});

test("a refused decision that the server has after all is kept: a server restored to before it gets it again", async () => {
  const { db, reviews } = await openLab();
  await reviews.decide(intent());
  const [waiting] = await db.outbox.toArray();
  if (!waiting) throw new Error("Nothing waits");
  const { id, bytes, decision } = waiting;
  const problem = { type: "urn:sectag:problem:test", title: "no", status: 422 };
  await db.dead.put({ id, bytes, decision, problem, at: 0 });
  await db.outbox.clear();
  const page = await pageOf([1], false);
  const [event] = page.events;
  if (event?.kind !== "decision") throw new Error("The page has no decision");
  await applyPage(db, await readPull(db), { ...page, events: [{ ...event, decision: viewOf(decision) }] });
  expect([await db.dead.count(), await db.kept.count()]).toEqual([0, 1]);
  await applyPage(db, await readPull(db), { ...(await pageOf([], false)), epoch: "restored" });
  expect((await db.outbox.toArray()).map((row) => row.id)).toEqual([id]);
});
