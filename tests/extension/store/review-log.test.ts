// What a lead is told that people said of a ticket: one word of each person, the newest that stands.
import { v7 } from "uuid";
import { expect, test } from "vitest";
import { prepareDecision, viewOf } from "../../../extension/store/prepare-decision.ts";
import { tagsSaid } from "../../../extension/store/review-log.ts";
import { ticketIdOf } from "../../../extension/store/ticket-id.ts";
import type { ReviewIntent } from "../../../shared/review.ts";
import { intent, openLab } from "./review-lab.ts";

test("one word of each person counts, the newest that stands and says a tag; this person's own on two browsers is one", async () => {
  const { db, reviews } = await openLab();
  const final = (threatType: "phishing" | "benign") => ({ threatType, severity: "low" as const, spans: [] });
  const correct = (threatType: "phishing" | "benign") => ({ id: v7(), verdict: "correct" as const, final: final(threatType) });
  let seq = 0;
  const pulled = async (by: string, change: Partial<ReviewIntent>) => {
    const decision = viewOf(await prepareDecision(intent(change), { restricted: false, ownDomains: [] }));
    const reviewer = { id: by, name: by, role: "analyst" as const };
    await db.reviews.add({ id: decision.id, ticketId: await ticketIdOf(decision.ticket), seq: ++seq, local: false, reviewer, decision });
  };
  const slip = correct("benign");
  await pulled("ana", correct("phishing"));
  await pulled("ana", slip);
  await pulled("ana", { id: v7(), verdict: "undo", supersedes: slip.id, final: null });
  await pulled("bo", correct("benign"));
  await pulled("bo", { id: v7(), verdict: "add", final: { threatType: null, severity: null, spans: [] } });
  await pulled("cy", { id: v7(), verdict: "reject", final: null });
  await pulled("me", correct("benign"));
  await reviews.decide(intent({ ...correct("phishing") }));

  const ids = [await ticketIdOf({ system: "jira-cloud", key: "NONE-1" }), await ticketIdOf(intent().ticket)];
  expect(await tagsSaid(db, ids, "me")).toEqual([
    [],
    [
      { tag: { threatType: "phishing", severity: "low" }, people: 2 },
      { tag: { threatType: "benign", severity: "low" }, people: 1 },
      { tag: null, people: 1 },
    ],
  ]);
});
