// Labels follow the newest decisions and the lead's ruling; an erased ticket's words are nowhere any more, also when they come late.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { v7 } from "uuid";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { type Decision, TicketLabel } from "../../shared/decisions.ts";
import { standing } from "../../shared/review.ts";
import { fileClient } from "../../worker-api/file-client.ts";
import { decision } from "./decisions.ts";
import { keyFor, openLab, testFolder, ticketIdOf } from "./lab.ts";

const List = z.strictObject({ tickets: z.array(TicketLabel), next: z.string().nullable() });
const tag = (threatType: "phishing" | "malware", severity: "low" | "high") => ({ threatType, severity, spans: [] });
const corrected = (severity: "low" | "high", more: Partial<Decision> = {}) =>
  decision({ verdict: "correct", final: tag("malware", severity), ...more });
const undoOf = (taken: Decision, final: Decision["final"]) => decision({ verdict: "undo", supersedes: taken.id, final });

test("a label is the lead's ruling, else the newest decision; agreement is counted over persons", async () => {
  const { db, orgId, push, read, analyst, lead } = await openLab();
  const colleague = await keyFor(db, orgId, "analyst", { name: "colleague" });
  const label = (key = lead.key) => read(TicketLabel, `/v1/tickets/${ticketIdOf("SEC-1")}`, { key });
  await push(analyst.key, decision());
  const second = corrected("low");
  await push(colleague.key, second);
  expect(await label()).toMatchObject({
    ticketId: ticketIdOf("SEC-1"),
    ticket: { system: "jira-cloud", key: "SEC-1" },
    final: { threatType: "malware", severity: "low" },
    verdict: "correct",
    ruled: false,
    reviewers: 2,
    agreeing: 1,
    suggestion: { threatType: "phishing", severity: "high", modelVersion: "2026.48.1" },
    decisionId: second.id,
    seq: 2,
  });
  // An analyst's label is made of what the analyst may see.
  expect(await label(analyst.key)).toMatchObject({ final: { threatType: "phishing" }, reviewers: 1 });
  const ruling = corrected("high");
  await push(lead.key, ruling);
  await push(colleague.key, decision());
  expect(await label()).toMatchObject({ final: { severity: "high" }, ruled: true, reviewers: 3, agreeing: 1, decisionId: ruling.id });
  await push(lead.key, undoOf(ruling, null));
  expect(await label()).toMatchObject({ final: { threatType: "phishing", severity: "high" }, ruled: false, reviewers: 2, agreeing: 2 });
});

test("undo: the decision before counts again; when all is taken back nobody says anything", async () => {
  const { push, read, analyst } = await openLab();
  const label = () => read(TicketLabel, `/v1/tickets/${ticketIdOf("SEC-1")}`, { key: analyst.key });
  const [first, second] = [decision(), corrected("low")];
  await push(analyst.key, first, second, undoOf(second, first.final));
  expect(await label()).toMatchObject({ verdict: "accept", decisionId: first.id, reviewers: 1, agreeing: 1 });
  await push(analyst.key, undoOf(first, null));
  expect(await label()).toMatchObject({ final: null, verdict: "undo", ruled: false, reviewers: 0, agreeing: 0 });
});

test("who judged spans alone says nothing about the tag; a rejection does", async () => {
  const { push, read, analyst, lead } = await openLab();
  const label = () => read(TicketLabel, `/v1/tickets/${ticketIdOf("SEC-1")}`, { key: lead.key });
  await push(analyst.key, decision());
  await push(lead.key, decision({ verdict: "add", final: { threatType: null, severity: null, spans: [] } }));
  expect(await label()).toMatchObject({ final: { threatType: "phishing" }, ruled: false, reviewers: 2, agreeing: 1 });
  await push(lead.key, decision({ verdict: "reject", final: { threatType: null, severity: null, spans: [] } }));
  expect(await label()).toMatchObject({ final: { threatType: null, severity: null }, verdict: "reject", ruled: true });
});

test("whatever a person decides and takes back: the label is what `standing` says", async () => {
  const { push, read, analyst } = await openLab();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(8)), { minLength: 1, maxLength: 12 }), async (steps) => {
      const key = `RUN-${run++}`;
      const events: Decision[] = [];
      for (const [undo, at] of steps) {
        const taken = events[at % Math.max(1, events.length)];
        events.push(
          undo && taken
            ? { ...undoOf(taken, null), ticket: { ...taken.ticket } }
            : corrected(at % 2 ? "low" : "high", { key } as Partial<Decision>),
        );
      }
      await push(analyst.key, ...events);
      const label = await read(TicketLabel, `/v1/tickets/${ticketIdOf(key)}`, { key: analyst.key });
      const newest = standing(events).at(-1);
      expect(label.decisionId).toBe(newest?.id ?? events.at(-1)?.id);
      expect(label.final).toEqual(newest?.final ? { threatType: newest.final.threatType, severity: newest.final.severity } : null);
    }),
    { numRuns: 60 },
  );
});

test("the list goes through all tickets page by page, each once", async () => {
  const { push, read, analyst, service } = await openLab();
  const names = Array.from({ length: 23 }, (_, index) => `SEC-${index}`);
  await push(analyst.key, ...names.map((key) => decision({ key })), ...names.map((key) => corrected("low", { key } as Partial<Decision>)));
  const seen: string[] = [];
  for (let after = ""; ; ) {
    const { tickets, next } = await read(List, `/v1/tickets?limit=5${after}`, { key: service.key });
    seen.push(...tickets.map(({ ticket }) => ticket.key));
    for (const { verdict } of tickets) expect(verdict).toBe("correct");
    if (!next) break;
    after = `&after=${next}`;
  }
  expect(seen.sort()).toEqual(names.sort());
});

test("erasure while another process reads for long: the words leave the log once it has ended, and meanwhile the server's log says so", async () => {
  const file = join(testFolder(), "x.db");
  const { push, call, logged, analyst, lead } = await openLab({ url: `file:${file}`, threaded: true });
  const word = `Wort${v7()}`;
  await push(
    analyst.key,
    decision({ blocks: [{ role: "title", text: word }], final: { threatType: "phishing", severity: "high", spans: [] } }),
  );
  const other = fileClient({ url: `file:${file}`, waitMs: 200 });
  onTestFinished(() => other.close());
  const reading = await other.transaction("deferred");
  await reading.execute("SELECT count(*) FROM events");
  expect((await call(`/v1/tickets/${ticketIdOf("SEC-1")}`, { method: "DELETE", key: lead.key })).status).toBe(204);
  const inLog = () => readFileSync(`${file}-wal`).includes(word);
  expect(inLog()).toBe(true);
  expect(logged).toContainEqual({ level: "warn", event: "write-ahead-log-busy" });
  await reading.rollback();
  await vi.waitFor(() => expect(inLog()).toBe(false), 5000);
});

test.each([false, true])(
  "erasure: words and quotes are gone from pull, export and the bytes of the file; labels stay; late texts do not come back (writer thread: %s)",
  async (threaded) => {
    const file = join(testFolder(), "x.db");
    const { call, push, pull, read, analyst, lead, service } = await openLab({ url: `file:${file}`, threaded });
    const word = `Wort${v7()}`;
    const secret = () =>
      decision({
        blocks: [{ role: "title", text: `about ${word}` }],
        final: {
          threatType: "phishing",
          severity: "high",
          spans: [{ block: 0, start: 6, end: 6 + word.length, label: "Malware", quote: word, source: "human" }],
        },
      });
    const [first, late] = [secret(), secret()];
    await push(analyst.key, first, decision({ key: "SEC-2" }));
    const bytes = () => Buffer.concat(["", "-wal"].map((suffix) => readFileSync(file + suffix)));
    expect(bytes().includes(word)).toBe(true);
    const erase = (key: string, ticket = "SEC-1") => call(`/v1/tickets/${ticketIdOf(ticket)}`, { method: "DELETE", key });
    expect((await erase(analyst.key)).status).toBe(403);
    expect((await erase(lead.key, "SEC-9")).status).toBe(404);
    expect((await erase(lead.key)).status).toBe(204);
    expect((await erase(lead.key)).status).toBe(204);
    expect(bytes().includes(word)).toBe(false);

    expect((await push(analyst.key, late, first)).results.map(({ status }) => status)).toEqual(["stored", "duplicate"]);
    const { events } = await pull(analyst.key);
    expect(events.map(({ kind }) => kind)).toEqual(["decision", "decision", "erased", "decision"]);
    expect(events[2]).toEqual({ kind: "erased", seq: 3, serverTime: expect.any(String), ticketId: ticketIdOf("SEC-1") });
    const exported = await (await call("/v1/export", { key: service.key })).text();
    expect(JSON.stringify(events) + exported).not.toContain(word);
    expect(exported).toContain("evil.example asks");
    expect(await read(TicketLabel, `/v1/tickets/${ticketIdOf("SEC-1")}`, { key: lead.key })).toMatchObject({
      final: { threatType: "phishing" },
    });
  },
);
