// The disk is full, the database read-only, locked or gone: no acknowledgement, the right status, and work goes on without a restart.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../worker-api/database.ts";
import { fileClient } from "../../worker-api/file-client.ts";
import { decision } from "./decisions.ts";
import { openLab, testFolder } from "./lab.ts";

/** Another connection to the file, as another process has it: what it sees is committed. */
function otherConnection(file: string) {
  const client = fileClient({ url: `file:${file}`, waitMs: 5000 });
  const ids = async () => (await client.execute("SELECT id FROM events ORDER BY seq")).rows.map(({ id }) => id);
  return { client, ids };
}

/** Lets the event loop go round so often. */
async function turns(count: number) {
  for (let turn = 0; turn < count; turn++) await new Promise((done) => setImmediate(done));
}

async function openFile(threaded: boolean) {
  const file = join(testFolder(), "sectag.db");
  const lab = await openLab({ url: `file:${file}`, threaded });
  const send = (...events: unknown[]) => lab.call("/v1/events", { key: lab.analyst.key, body: { events } });
  return { ...lab, file, send };
}

describe.each([
  ["written in this thread", false],
  ["written in a thread of its own", true],
])("%s", (_name, threaded) => {
  test("a full disk answers 507, stores nothing, and takes the same events once there is room", async () => {
    const { db, send, refusal, call, analyst, file } = await openFile(threaded);
    const [before, ...batch] = Array.from({ length: 60 }, () => decision());
    expect((await send(before)).status).toBe(200);
    const { rows } = await db.$client.execute("PRAGMA page_count");
    await db.$client.execute(`PRAGMA max_page_count=${rows[0]?.page_count}`);
    for (let attempt = 0; attempt < 3; attempt++) {
      const answer = await send(...batch);
      expect(answer.headers.get("retry-after")).toBe("60");
      expect(await refusal(answer)).toMatchObject({ status: 507, code: "database-full" });
    }
    expect((await call("/v1/events", { key: analyst.key })).status).toBe(200);
    const other = otherConnection(file);
    expect(await other.ids()).toEqual([before?.id]);
    await db.$client.execute("PRAGMA max_page_count=1000000");
    expect((await send(...batch)).status).toBe(200);
    expect(await other.ids()).toEqual([before, ...batch].map((one) => one?.id));
  });

  test("a read-only database answers 503, still reads, and takes the same events once it may write", async () => {
    const { db, send, refusal, call, clock, analyst, file } = await openFile(threaded);
    const [first, second] = [decision(), decision()];
    await send(first);
    await db.$client.execute("PRAGMA query_only=1");
    // Late enough for the key's last use to be noted, which must not matter.
    clock.ms += 3_600_000;
    expect(await refusal(send(second))).toMatchObject({ status: 503, code: "database-unavailable" });
    expect((await call("/v1/events", { key: analyst.key })).status).toBe(200);
    await db.$client.execute("PRAGMA query_only=0");
    expect((await send(second)).status).toBe(200);
    expect(await otherConnection(file).ids()).toEqual([first.id, second.id]);
  });

  test("a lock is waited for without stopping the process, then answers 503; what is acknowledged afterwards is really committed", async () => {
    const { send, refusal, call, analyst, file } = await openFile(threaded);
    const [first, second, third, fourth] = [decision(), decision(), decision(), decision()];
    expect((await send(first)).status).toBe(200);
    const { client, ids } = otherConnection(file);
    const lock = await client.transaction("write");
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    expect(await refusal(send(second))).toMatchObject({ status: 503, code: "database-unavailable" });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
    expect((await call("/v1/events", { key: analyst.key })).status).toBe(200);
    const waiting = send(third);
    await new Promise((done) => setTimeout(done, 50));
    await lock.rollback();
    expect((await waiting).status).toBe(200);
    expect((await send(second, fourth)).status).toBe(200);
    expect(await ids()).toEqual([first.id, third.id, second.id, fourth.id]);
  });

  test("many pushes at once over a lock that comes and goes: each acknowledged event is committed once, no other", async () => {
    const { send, file } = await openFile(threaded);
    const { client, ids } = otherConnection(file);
    const events = Array.from({ length: 40 }, () => decision());
    const stored: string[] = [];
    const pushing = Promise.all(
      events.map(async (event) => {
        if ((await send(event)).ok) stored.push(event.id);
      }),
    );
    for (let round = 0; round < 6; round++) {
      const lock = await client.transaction("write");
      await turns(40);
      await lock.rollback();
      await turns(10);
    }
    await pushing;
    expect([...(await ids())].sort()).toEqual([...stored].sort());
    // What was refused is sent again, as a client does: how much that is, is the machine's chance.
    for (const event of events) if (!stored.includes(event.id) && (await send(event)).ok) stored.push(event.id);
    expect(stored.length).toBe(events.length);
    expect([...(await ids())].sort()).toEqual([...stored].sort());
  });
});

test("a database that is damaged or not there is said when it is opened", async () => {
  const folder = testFolder();
  const file = join(folder, "damaged.db");
  writeFileSync(file, "no database at all, but long enough to be looked at as one".repeat(100));
  await expect(openDatabase({ url: `file:${file}`, waitMs: 50 })).rejects.toMatchObject({ code: "SQLITE_NOTADB" });
  rmSync(file);
  await expect(openDatabase({ url: `file:${join(folder, "none", "x.db")}`, waitMs: 50 })).rejects.toThrow(/open|directory/i);
});
