// Sending and fetching against the real API in this process: what is answered goes, what is refused is shown, what fails waits.
import { describe, expect, test } from "vitest";
import type { ReviewDb } from "../../../extension/store/review-db.ts";
import { deadLetters, exportDead, recentDecisions, retryDead, sentPayloads, syncOverview } from "../../../extension/store/review-log.ts";
import { type Decision, limits } from "../../../shared/decisions.ts";
import { intent } from "./review-lab.ts";
import { problem, startClient, startServer } from "./sync-lab.ts";

const seqs = async (db: ReviewDb) => (await db.reviews.orderBy("n").toArray()).map(({ seq }) => seq);

describe("push", () => {
  test("what waits is sent, numbered and gone from outbox and second copy; the inspector has the body", async () => {
    const server = await startServer();
    const client = await startClient(server.analyst, server.answer);
    for (let count = 0; count < 3; count++) await client.reviews.decide(intent());
    expect(await client.sync()).toMatchObject({ status: { state: "idle", attempt: 0 }, changed: true });
    expect(await seqs(client.db)).toEqual([1, 2, 3]);
    expect([await client.db.outbox.count(), client.area.items.size, await client.db.kept.count()]).toEqual([0, 0, 3]);
    const [sent] = await sentPayloads(client.db);
    expect(sent).toMatchObject({ status: 200, url: "http://127.0.0.1:1/v1/events" });
    expect(await client.requests[0]?.text()).toBe(sent?.body);
    expect((await recentDecisions(client.db, true)).map(({ sync }) => sync)).toEqual(["stored", "stored", "stored"]);
    expect(await client.sync()).toMatchObject({ changed: false });
  });

  test("an answer that was lost after the commit: sent again, there once", async () => {
    const server = await startServer();
    const client = await startClient(server.analyst, server.answer);
    await client.reviews.decide(intent());
    client.put(async (request, next) => {
      await next(request);
      throw new TypeError("network error");
    });
    expect(await client.sync()).toMatchObject({ status: { state: "waiting", attempt: 1 } });
    expect(await client.db.outbox.count()).toBe(1);
    client.put((request, next) => next(request));
    expect(await client.sync(true)).toMatchObject({ status: { state: "idle" } });
    expect([await client.db.outbox.count(), await seqs(client.db)]).toEqual([0, [1]]);
  });

  test("payloads stay although both clocks jump by ten years and back, and go after a fortnight of answers", async () => {
    const server = await startServer();
    const client = await startClient(server.analyst, server.answer);
    const day = 86_400_000;
    client.put(async (request, next) => {
      const answer = await next(request);
      const headers = new Headers(answer.headers);
      headers.set("date", new Date(client.clock.now).toUTCString());
      return new Response(answer.body, { status: answer.status, headers });
    });
    const decideAfter = async (ms: number) => {
      client.clock.now += ms;
      await client.reviews.decide(intent());
      expect(await client.sync(true)).toMatchObject({ status: { state: "idle" } });
    };
    for (const ms of [0, 3_652 * day, -3_652 * day, 3_652 * day, 0]) await decideAfter(ms);
    expect(await client.db.kept.count()).toBe(5);
    for (let days = 0; days < 14; days++) await decideAfter(day);
    // Each jump forward counts as one day: two of the five lie exactly fourteen days back now, three longer.
    expect(await client.db.kept.count()).toBe(2 + 14);
    await decideAfter(day);
    expect(await client.db.kept.count()).toBe(15);
  });

  test("one row that the server refuses goes to the dead letters and holds nobody up; it can be exported and tried again", async () => {
    const server = await startServer();
    const client = await startClient(server.analyst, server.answer);
    const [first, bad, last] = [intent(), intent(), intent()];
    for (const one of [first, bad, last]) await client.reviews.decide(one);
    const whole = (await client.db.outbox.where({ id: bad.id }).first())?.decision;
    await client.db.outbox.where({ id: bad.id }).modify((row) => {
      row.decision = { ...row.decision, labelsVersion: -1 };
    });
    await client.sync();
    expect(await syncOverview(client.db)).toMatchObject({ pending: 0, dead: 1, status: { state: "idle" } });
    expect(await deadLetters(client.db)).toMatchObject([{ id: bad.id, problem: { detail: expect.stringContaining("") } }]);
    expect(JSON.parse(await exportDead(client.db))).toHaveLength(1);
    expect((await client.reviews.history(intent())).map(({ sync }) => sync).sort()).toEqual(["rejected", "stored", "stored"]);
    await client.db.dead.where({ id: bad.id }).modify((row) => {
      if (whole) row.decision = whole;
    });
    await retryDead(client.db);
    await client.sync(true);
    expect(await syncOverview(client.db)).toMatchObject({ pending: 0, dead: 0 });
  });

  test.each([0, 4, 12, 31])(
    "a batch that is refused as a whole is halved until the one bad row is found, here number %i of 32",
    async (bad) => {
      const server = await startServer();
      const client = await startClient(server.analyst, server.answer);
      const made = Array.from({ length: 32 }, () => intent());
      for (const one of made) await client.reviews.decide(one);
      let refusals = 0;
      client.put(async (request, next) => {
        const text = await request.clone().text();
        if (request.method !== "POST" || !text.includes(made[bad]?.id ?? "-")) return next(request);
        refusals++;
        return problem(400);
      });
      await client.sync();
      expect(await syncOverview(client.db)).toMatchObject({ pending: 0, dead: 1 });
      expect((await deadLetters(client.db))[0]?.id).toBe(made[bad]?.id);
      // 32, 16, 8, 4, 2, 1: what is behind rows that were taken is not tried as a whole again.
      expect(refusals).toBeLessThanOrEqual(6);
    },
  );

  test("a refusal that comes late buries nothing that another context has heard better of", async () => {
    const server = await startServer();
    const [client, made] = [await startClient(server.analyst, server.answer), intent()];
    await client.reviews.decide(made);
    client.put(async (request, next) => {
      if (request.method !== "POST") return next(request);
      // Where locks exclude nobody, the other context has its answer before this one.
      const waiting = await client.db.outbox.get({ id: made.id });
      if (waiting) await client.db.kept.put({ ...waiting, ackedAt: 0 });
      await client.db.outbox.clear();
      return problem(413);
    });
    await client.sync();
    expect([await client.db.dead.count(), await client.db.kept.count()]).toEqual([0, 1]);
  });

  test("no push has more than 100 events or 256 KB", async () => {
    const server = await startServer();
    const client = await startClient(server.analyst, server.answer);
    const long = "Ein längerer Text mit Umlauten äöü. ".repeat(800);
    for (let count = 0; count < 12; count++)
      await client.reviews.decide(
        intent({
          blocks: [{ id: "d", role: "description", text: long, restricted: false }],
          final: { threatType: "phishing", severity: "high", spans: [] },
        }),
      );
    for (let count = 0; count < 130; count++) await client.reviews.decide(intent());
    await client.sync();
    const bodies = await Promise.all(client.requests.filter(({ method }) => method === "POST").map((request) => request.text()));
    expect(bodies.length).toBeGreaterThan(2);
    for (const body of bodies) {
      expect(new TextEncoder().encode(body).byteLength).toBeLessThanOrEqual(limits.batchBytes);
      expect(JSON.parse(body).events.length).toBeLessThanOrEqual(limits.batch);
    }
    expect(await syncOverview(client.db)).toMatchObject({ pending: 0, dead: 0 });
    expect((await sentPayloads(client.db)).length).toBeLessThanOrEqual(20);
  });
});

describe("waiting", () => {
  test("fails are waited for longer and longer, with jitter, at most five minutes; nothing is sent before its time", async () => {
    const client = await startClient("stag_x".padEnd(30, "x"), () => Promise.reject(new TypeError("off line")));
    await client.reviews.decide(intent());
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      const round = await client.sync();
      waits.push((round?.status.notBefore ?? 0) - client.clock.now);
      client.clock.now = (round?.status.notBefore ?? 0) - 1;
      const before = client.requests.length;
      await client.sync();
      expect(client.requests.length).toBe(before);
      client.clock.now++;
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 150000, 150000, 150000, 150000]);
  });

  test.each([
    ["429", { "retry-after": "90" }, 90_000],
    ["503", { "retry-after": "7" }, 7_000],
    ["503", { "retry-after": "999999" }, 3_600_000],
  ])("%s with Retry-After %o is obeyed, within reason", async (status, headers, wait) => {
    const client = await startClient("stag_x".padEnd(30, "x"), () => problem(Number(status), headers));
    await client.reviews.decide(intent());
    const round = await client.sync();
    expect(round?.status).toMatchObject({ state: "waiting", reason: "because", notBefore: client.clock.now + wait });
  });

  test("a clock that jumped back ten years does not make it wait for ten years", async () => {
    const client = await startClient("stag_x".padEnd(30, "x"), () => Promise.reject(new TypeError("off line")));
    await client.reviews.decide(intent());
    await client.sync();
    client.clock.now -= 10 * 365 * 86_400_000;
    await client.sync();
    expect(client.requests.length).toBe(2);
  });

  test.each([401, 403])("%i stops, keeps everything, says so, and a person's push starts again", async (status) => {
    const server = await startServer();
    const client = await startClient(server.analyst, server.answer);
    await client.reviews.decide(intent());
    client.put(() => problem(status));
    expect(await client.sync()).toMatchObject({ status: { state: "signed-out", reason: "because" } });
    const before = client.requests.length;
    await client.sync();
    expect([client.requests.length, await client.db.outbox.count()]).toEqual([before, 1]);
    client.put((request, next) => next(request));
    expect(await client.sync(true)).toMatchObject({ status: { state: "idle" } });
  });

  test.each([
    ["a sign-in page with status 200", () => new Response("<html>sign in</html>", { headers: { "content-type": "text/html" } })],
    ["a proxy's 404 page", () => new Response("not here", { status: 404 })],
    ["an answer for other ids", () => Response.json({ epoch: "e", results: [] })],
  ])("%s is no answer: nothing is given up", async (_name, answer) => {
    const client = await startClient("stag_x".padEnd(30, "x"), answer);
    await client.reviews.decide(intent());
    expect(await client.sync()).toMatchObject({ status: { state: "waiting" } });
    expect(await syncOverview(client.db)).toMatchObject({ pending: 1, dead: 0 });
  });
});

describe("pull", () => {
  test("a second browser of the same person sees the decision as its own, a lead's ruling as the lead's", async () => {
    const server = await startServer();
    const one = await startClient(server.analyst, server.answer);
    const other = await startClient(server.analyst, server.answer);
    const lead = await startClient(server.lead, server.answer);
    const made = intent();
    await one.reviews.decide(made);
    await one.sync();
    await other.sync();
    expect(await other.reviews.history(intent())).toMatchObject([
      { id: made.id, by: { name: "anna", role: "analyst" }, final: { spans: [{ quote: "Emotet" }] } },
    ]);
    await lead.reviews.decide(intent({ verdict: "correct", final: { threatType: "malware", severity: "critical", spans: [] } }));
    await lead.sync();
    await one.sync();
    expect((await one.reviews.history(intent())).map(({ mine, by }) => [mine, by?.name])).toEqual([
      [true, "anna"],
      [false, "lea"],
    ]);
    expect(JSON.stringify(await other.db.reviews.toArray())).not.toContain("reset the password");
  });

  test("a history longer than a page arrives whole, also when the browser dies between pages", async () => {
    const server = await startServer();
    const one = await startClient(server.analyst, server.answer);
    for (let count = 0; count < 620; count++) await one.db.outbox.add(await row(one));
    await one.sync();
    const other = await startClient(server.analyst, server.answer);
    let pages = 0;
    other.put((request, next) => {
      if (++pages === 2) throw new TypeError("died");
      return next(request);
    });
    await other.sync();
    expect([await other.db.reviews.count(), await other.db.shadow.count()]).toEqual([0, limits.page]);
    await other.sync(true);
    expect([await other.db.reviews.count(), await other.db.shadow.count()]).toEqual([620, 0]);
  });

  test("a cursor that the server does not know is dropped, and the history read anew", async () => {
    const server = await startServer();
    const client = await startClient(server.analyst, server.answer);
    await client.reviews.decide(intent());
    await client.sync();
    await client.db.meta.put({ key: "pull", value: { cursor: "bogus.cursor", shadowCursor: null } });
    expect(await client.sync(true)).toMatchObject({ status: { state: "idle" } });
    expect(await client.db.reviews.count()).toBe(1);
  });
});

/** One more decision, made without the whole way, for tests that need many. */
async function row(client: Awaited<ReturnType<typeof startClient>>): Promise<{ id: string; bytes: number; decision: Decision }> {
  const decision = await client.reviews.preview(intent());
  return { id: decision.id, bytes: JSON.stringify(decision).length, decision };
}
