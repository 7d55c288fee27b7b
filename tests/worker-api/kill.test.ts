// `kill -9` of the real server under push load, again and again: every acknowledged row is there exactly once, and the file is whole.
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { expect, test } from "vitest";
import { type Decision, PushResponse } from "../../shared/decisions.ts";
import { type ChildServer, pairWith, pushTo, startChild } from "./child-server.ts";
import { decision } from "./decisions.ts";
import { testFolder } from "./lab.ts";

const KILLS = Number(process.env.SECTAG_KILLS ?? 5);
const PUSHERS = 4;

test(`${KILLS} kills under load: nothing acknowledged is lost or doubled`, { timeout: 60_000 + KILLS * 30_000 }, async () => {
  const file = join(testFolder(), "x.db");
  /** What clients know: acknowledged events with their place, and sent ones without an answer, which they send again. */
  const acknowledged = new Map<string, number>();
  let unanswered: Decision[] = [];
  const count = { pushes: 0, cut: 0, duplicates: 0 };
  let key = "";

  async function push({ origin }: ChildServer, batch: Decision[]): Promise<boolean> {
    try {
      const answer = await pushTo(origin, key, batch);
      const { results } = PushResponse.parse(await answer.json());
      for (const result of results) {
        if (result.status === "rejected") throw new Error(`Rejected: ${result.problem.detail}`);
        if (result.status === "duplicate") count.duplicates++;
        expect(acknowledged.get(result.id) ?? result.seq).toBe(result.seq);
        acknowledged.set(result.id, result.seq);
      }
      count.pushes++;
      return true;
    } catch (error) {
      // The connection broke: fetch says so by a TypeError. Everything else is a failure of the test.
      if (!(error instanceof TypeError)) throw error;
      unanswered.push(...batch);
      count.cut++;
      return false;
    }
  }
  const newBatch = () =>
    Array.from({ length: 1 + Math.floor(Math.random() * 40) }, () => decision({ key: `SEC-${Math.floor(Math.random() * 50)}` }));

  for (let kill = 0; kill <= KILLS; kill++) {
    const server = await startChild(file, { SECTAG_LOG: "error" });
    if (kill === 0) key = await pairWith(server.origin, await server.code);
    const again = unanswered;
    unanswered = [];
    for (let at = 0; at < again.length; at += 100) expect(await push(server, again.slice(at, at + 100))).toBe(true);
    if (kill === KILLS) {
      server.child.kill("SIGKILL");
      await server.ended;
      break;
    }
    const lives = Array.from({ length: PUSHERS }, async () => {
      while (await push(server, newBatch()));
    });
    // The moment is what is tested: any, from the first push to well into the load.
    await new Promise((done) => setTimeout(done, Math.random() * 600));
    server.child.kill("SIGKILL");
    expect(await server.ended).toBe("SIGKILL");
    await Promise.all(lives);
  }

  const client = createClient({ url: `file:${file}` });
  expect((await client.execute("PRAGMA integrity_check")).rows[0]?.integrity_check).toBe("ok");
  const { rows } = await client.execute("SELECT id, seq FROM events ORDER BY seq");
  const stored = new Map(rows.map(({ id, seq }) => [String(id), Number(seq)]));
  expect(stored.size).toBe(rows.length);
  const lost = [...acknowledged].filter(([id, seq]) => stored.get(id) !== seq);
  expect(lost).toEqual([]);
  expect(stored.size).toBe(acknowledged.size);
  console.log(
    JSON.stringify({
      kills: KILLS,
      ...count,
      acknowledged: acknowledged.size,
      stored: stored.size,
      lost: lost.length,
      doubled: rows.length - stored.size,
    }),
  );
});
