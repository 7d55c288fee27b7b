// A decision is saved whole or not at all, once, without raw text; a full disk and a failing transaction are told and leave nothing half-done.
import { describe, expect, test, vi } from "vitest";
import { Decision } from "../../../shared/decisions.ts";
import { type ReviewIntent, standing } from "../../../shared/review.ts";
import { intent, openLab } from "./review-lab.ts";

/** Makes the named table's `add` fail with this error, as many times as given. */
function failAdds(table: { hook(name: "creating", hook: () => void): void }, error: () => Error, times: number) {
  let left = times;
  table.hook("creating", () => {
    if (left-- > 0) throw error();
  });
}
const quota = () => Object.assign(new Error("no space"), { name: "QuotaExceededError" });

describe("decide", () => {
  test("one review row, one outbox row, one second copy; told only after the commit", async () => {
    const { db, reviews, area, saved } = await openLab();
    const made = intent();
    const answer = await reviews.decide(made);
    expect(answer.ok && answer.history.map(({ id, mine, sync, final }) => ({ id, mine, sync, quote: final?.spans[0]?.quote }))).toEqual([
      { id: made.id, mine: true, sync: "local", quote: "Emotet" },
    ]);
    expect([await db.reviews.count(), await db.outbox.count(), saved()]).toEqual([1, 1, 1]);
    expect(Decision.safeParse((await db.outbox.toArray())[0]?.decision).success).toBe(true);
    expect([...area.items.keys()]).toEqual([`outbox.${made.id}`]);
  });

  test("the same intent again changes nothing, also when sent at the same time", async () => {
    const { db, reviews } = await openLab();
    const made = intent();
    const answers = await Promise.all([reviews.decide(made), reviews.decide(made), reviews.decide(made)]);
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect([await db.reviews.count(), await db.outbox.count()]).toEqual([1, 1]);
  });

  test("when the outbox row fails, the review row is gone too, and the answer says so", async () => {
    const { db, reviews } = await openLab();
    failAdds(db.outbox, () => new Error("the drive went away"), 1);
    const answer = await reviews.decide(intent());
    expect(answer).toMatchObject({ ok: false, code: "broken" });
    expect([await db.reviews.count(), await db.outbox.count()]).toEqual([0, 0]);
    expect(await reviews.decide(intent())).toMatchObject({ ok: true });
  });

  test("a full disk: space is freed, the cheapest first, and only as much as is needed", async () => {
    const first = vi.fn(async () => undefined);
    const second = vi.fn(async () => undefined);
    const third = vi.fn(async () => undefined);
    const { db, reviews } = await openLab({ freeSpace: [first, second, third] });
    failAdds(db.reviews, quota, 2);
    expect(await reviews.decide(intent())).toMatchObject({ ok: true });
    expect([first.mock.calls.length, second.mock.calls.length, third.mock.calls.length]).toEqual([1, 1, 0]);
  });

  test("a disk that stays full: not saved, said so, and saved once there is room", async () => {
    const { db, reviews, saved } = await openLab({ freeSpace: [async () => undefined] });
    failAdds(db.reviews, quota, 2);
    const made = intent();
    expect(await reviews.decide(made)).toMatchObject({ ok: false, code: "full" });
    expect([await db.reviews.count(), await db.outbox.count(), saved()]).toEqual([0, 0, 0]);
    expect(await reviews.decide(made)).toMatchObject({ ok: true });
    expect(await db.outbox.count()).toBe(1);
  });

  test("a second copy that cannot be written is a notice, not a failure", async () => {
    const { reviews, notices } = await openLab({
      mirror: {
        put: () => Promise.reject(new Error("full")),
        remove: async () => undefined,
        all: async () => ({ whole: [], damaged: [] }),
      },
    });
    expect(await reviews.decide(intent())).toMatchObject({ ok: true });
    expect(notices).toHaveLength(1);
  });

  test("what is not a decision is refused with a reason and not stored", async () => {
    const { db, reviews } = await openLab();
    const answer = await reviews.decide(intent({ verdict: "accept", final: { threatType: "malware", severity: "low", spans: [] } }));
    expect(answer).toMatchObject({ ok: false, code: "invalid" });
    expect(await db.outbox.count()).toBe(0);
  });

  test("no raw text is stored: redacted words are in no table and not in the second copy", async () => {
    const { db, reviews, area } = await openLab();
    const secret = "anna.berg@corp.example";
    const text = `Mail from ${secret}, call +49 30 901820, token ghp_1234567890abcdefghijklmnopqrstuvwxyz.`;
    await reviews.decide(
      intent({
        blocks: [{ id: "description", role: "description", text, restricted: false }],
        final: { threatType: "phishing", severity: "high", spans: [] },
      }),
    );
    const everything = JSON.stringify([await Promise.all(db.tables.map((table) => table.toArray())), [...area.items]]);
    for (const word of [secret, "901820", "ghp_1234567890"]) expect(everything).not.toContain(word);
    expect(everything).toContain("[email]");
    expect(JSON.stringify(await db.reviews.toArray())).not.toContain("Mail from");
  });

  test("restricted blocks stay here unless policy allows them", async () => {
    const blocks = [...intent().blocks, { id: "note", role: "comment" as const, text: "internal only", restricted: true }];
    const closed = await openLab();
    await closed.reviews.decide(intent({ blocks }));
    expect(JSON.stringify(await closed.db.outbox.toArray())).not.toContain("internal only");
    expect((await closed.db.outbox.toArray())[0]?.decision.omitted.blocks).toBe(1);
    const open = await openLab({ policy: async () => ({ restricted: true, ownDomains: [] }) });
    await open.reviews.decide(intent({ blocks }));
    expect(JSON.stringify(await open.db.outbox.toArray())).toContain("internal only");
  });

  test("the preview is exactly what waits in the outbox", async () => {
    const { db, reviews } = await openLab();
    const made = intent();
    const preview = await reviews.preview(made);
    expect(await db.outbox.count()).toBe(0);
    await reviews.decide(made);
    expect((await db.outbox.toArray())[0]?.decision).toEqual(preview);
  });
});

test("which texts were judged is told as long as they stand unchanged; not of texts or marks that are not stored", async () => {
  const { reviews } = await openLab();
  const made = intent();
  const judgedNow = async (blocks: ReviewIntent["blocks"]) => (await reviews.history({ ...made, blocks })).at(-1)?.judged;
  const [title, description] = made.blocks;
  if (!title || !description) throw new Error("The intent has no blocks");
  const note = { id: "note", role: "comment" as const, text: "internal only", restricted: true };
  await reviews.decide({ ...made, blocks: [title, description, note] });
  expect(await judgedNow([title, description, note])).toEqual(["title", "description"]);
  expect(
    await judgedNow([
      { ...title, text: "Edited since" },
      { ...description, id: "elsewhere" },
    ]),
  ).toEqual(["elsewhere"]);
  const emptied = { ...description, text: "Another text" };
  await reviews.decide(intent({ blocks: [title, emptied] }));
  expect(await judgedNow([title, emptied])).toEqual([]);
});

test("undo is an event; what stands is a replay, 20 deep, and survives opening the database anew", async () => {
  const lab = await openLab();
  const severities = ["low", "medium", "high", "critical"] as const;
  const ids: string[] = [];
  for (let step = 0; step < 20; step++) {
    const severity = severities[step % 4] ?? "low";
    const made = intent({ verdict: "correct", supersedes: ids.at(-1) ?? null, final: { threatType: "malware", severity, spans: [] } });
    await lab.reviews.decide(made);
    ids.push(made.id);
  }
  lab.db.close();
  const { openReviewDb } = await import("../../../extension/store/review-db.ts");
  const again = await openLab({ db: await openReviewDb(lab.idb) });
  for (let left = 20; left > 0; left--) {
    const mine = standing(await again.reviews.history(intent()));
    expect(mine.length).toBe(left);
    const [before, last] = [mine.at(-2), mine.at(-1)];
    await again.reviews.decide(intent({ verdict: "undo", supersedes: last?.id ?? null, final: before?.final ?? null }));
  }
  expect(standing(await again.reviews.history(intent()))).toEqual([]);
  expect(await again.db.reviews.count()).toBe(40);
});
