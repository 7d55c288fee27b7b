// Export: every event with its texts, as NDJSON that ends with `end`, in memory that does not grow with the history.
import { expect, test } from "vitest";
import { ExportLine } from "../../shared/decisions.ts";
import { insertStatement } from "../../worker-api/insert-events.ts";
import { decision } from "./decisions.ts";
import { openLab } from "./lab.ts";

test("each line is a decision as it was sent; `next` goes on behind it; another org's rows are not in it", async () => {
  const { push, call, analyst, service } = await openLab();
  const sent = Array.from({ length: 3 }, () => decision());
  await push(analyst.key, ...sent);
  const read = async (query = "") => {
    const answer = await call(`/v1/export${query}`, { key: service.key });
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const text = await answer.text();
    expect(text.endsWith("\n")).toBe(true);
    return text
      .trimEnd()
      .split("\n")
      .map((line) => ExportLine.parse(JSON.parse(line)));
  };
  const lines = await read();
  expect(lines.flatMap((line) => (line.kind === "decision" ? [line.decision] : []))).toEqual(sent);
  const end = lines.at(-1);
  if (end?.kind !== "end") throw new Error("no end");
  expect(end.count).toBe(3);
  const late = decision();
  await push(analyst.key, late);
  const [line, newEnd] = await read(`?after=${end.next}`);
  expect(line).toMatchObject({ kind: "decision", decision: late, reviewer: { name: "analyst" } });
  expect(newEnd).toMatchObject({ kind: "end", count: 1 });
  expect(await read(newEnd?.kind === "end" ? `?after=${newEnd.next}` : "")).toMatchObject([{ kind: "end", count: 0 }]);
});

test("20,000 rows stream in order, a page at a time, only as quickly as the reader reads", async () => {
  const { db, call, analyst, service, orgId } = await openLab();
  const writer = { org: { id: orgId, name: "" }, user: { id: analyst.userId, name: "", role: "analyst" as const } };
  const { blocks, ...view } = decision();
  const texts = JSON.stringify(blocks.map(({ text }) => text.repeat(20)));
  const row = {
    ticketId: "a".repeat(64),
    payloadHash: "b".repeat(64),
    verdict: "accept",
    supersedes: null,
    modelVersion: null,
    suggested: null,
    final: null,
    view: JSON.stringify({ ...view, blocks: blocks.map(({ role }) => ({ role })) }),
    texts,
  };
  for (let batch = 0; batch < 20; batch++)
    await db.$client.batch(
      [
        insertStatement(
          Array.from({ length: 1000 }, (_, index) => ({ ...row, id: `${batch}-${index}` })),
          writer,
          0,
        ),
      ],
      "write",
    );
  let asked = 0;
  const { select } = db;
  db.select = ((...args: Parameters<typeof select>) => {
    asked++;
    return select.apply(db, args);
  }) as typeof select;
  const answer = await call("/v1/export", { key: service.key });
  const reader = answer.body?.getReader();
  if (!reader) throw new Error("no body");
  await reader.read();
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
  const before = asked;
  expect(before).toBeLessThan(8);
  let lines = 100;
  let largest = 0;
  let tail = "";
  for (let seq = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    largest = Math.max(largest, value.byteLength);
    const page = new TextDecoder().decode(value).trimEnd().split("\n");
    lines += page.length;
    tail = page.at(-1) ?? "";
    const first = Number(/"seq":(\d+)/.exec(page[0] ?? "")?.[1] ?? seq + 1);
    expect(first).toBeGreaterThan(seq);
    seq = first;
  }
  expect(lines).toBe(20_001);
  expect(JSON.parse(tail)).toMatchObject({ kind: "end", count: 20_000 });
  expect(largest).toBeLessThan(100 * (JSON.stringify(row).length + 500));
});

test("a database that fails in the middle breaks the stream off: no `end`, so that nobody takes it for whole", async () => {
  const { db, call, push, logged, analyst, service } = await openLab();
  for (let batch = 0; batch < 3; batch++) await push(analyst.key, ...Array.from({ length: 100 }, () => decision()));
  const answer = await call("/v1/export", { key: service.key });
  const reader = answer.body?.getReader();
  await reader?.read();
  db.$client.close();
  const rest = async () => {
    for (;;) if ((await reader?.read())?.done) return "whole";
  };
  await expect(rest()).rejects.toThrow(/^The export broke off$/);
  expect(logged.filter(({ code }) => code === "export")).toHaveLength(1);
});
