// Ratio benchmark of the API in one run: push and pull over HTTP against raw libSQL with the same rows, then ten times more than it can take.
import "../../worker-api/compiled-checks.ts";

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { v7 } from "uuid";
import { type Decision, SuggestionSummary } from "../../shared/decisions.ts";
import { textSha256 } from "../../shared/hex.ts";
import { threatTypeIds } from "../../shared/labels.ts";
import { createKey, createOrg, createUser } from "../../worker-api/accounts.ts";
import { readConfig } from "../../worker-api/config.ts";
import { openDatabase } from "../../worker-api/database.ts";
import { rowOf, writtenOf } from "../../worker-api/events.ts";
import { insertStatement } from "../../worker-api/insert-events.ts";
import { startServer } from "../../worker-api/start-server.ts";
import { type Answer, offer, openLanes, requestBytes } from "../http-load.ts";

const BATCH = 100;
const BATCHES = 12;
const ROUNDS = 20;
/** Pushes on their way at once: while one is judged and one is written, others travel. */
const LANES = 8;
const OVERLOAD = { times: 10, seconds: 4 };
const PAGE = 500;
/** As many as the first round has rows for. */
const PAGES = 2;
const probabilities = SuggestionSummary.shape.probabilities.parse(Object.fromEntries(threatTypeIds.map((id) => [id, 0.0769])));
const rawSelect = "SELECT seq, kind, server_time, user_id, role, view FROM events WHERE org_id = ? AND seq > ? ORDER BY seq LIMIT ?";
/** Promises that this run must keep. */
const floors = { pushRatio: 0.5, pullRatio: 0.5 };

const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), "sectag-bench-"));
const config = readConfig({ SECTAG_DATABASE: join(folder, "api.db"), SECTAG_PORT: "0", SECTAG_LOG: "error" });
if (process.argv[2] === "serve") {
  // Limits per key are for one person's browser; here one key stands for many.
  const server = await startServer(config, { log: console.log, limits: { perKey: { burst: 1e9, perSecond: 1e9 } } });
  console.log(`port ${new URL(server.origin).port}`);
  process.once("SIGTERM", () => void server.stop());
} else {
  try {
    await measure();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A decision of middling length (about 2 kB), as a browser sends it; a full batch of them is just under the limit of a push. */
function newDecision(index: number): Decision {
  const words = `At 09:${index % 60} the proxy showed PC-${index} asking update.example for a file. `;
  return {
    kind: "decision",
    id: v7(),
    supersedes: null,
    ticket: { system: "jira-cloud", key: `SEC-${index % 500}`, hash: "a".repeat(64), family: "b".repeat(16) },
    omitted: { blocks: 0, spans: 0, text: false },
    suggestion: {
      threatType: "malware",
      severity: "high",
      confidence: 0.91,
      abstained: false,
      probabilities,
      severityProbabilities: null,
      modelVersion: "2026.48.1",
      backend: "wasm",
      tookMs: 120,
    },
    verdict: "accept",
    final: { threatType: "malware", severity: "high", spans: [] },
    reason: null,
    labelsVersion: 1,
    clientTime: new Date().toISOString(),
    dwellMs: 2500,
    blocks: [
      { role: "title", text: words },
      { role: "description", text: words.repeat(10) },
    ],
  };
}
function newBatch(): Decision[] {
  return Array.from({ length: BATCH }, (_, index) => newDecision(index));
}

async function measure(): Promise<void> {
  const db = await openDatabase(config.database);
  const orgId = await createOrg(db, { name: "Bench", now: 0 });
  const { id: userId } = await createUser(db, { orgId, name: "Bench", role: "lead", now: 0 });
  const { key } = await createKey(db, { orgId, userId, name: "bench", scopes: ["review", "lead"], expires: null, now: 0 });
  const raw = await openDatabase({ url: `file:${join(folder, "raw.db")}` });
  const rawOrg = await createOrg(raw, { name: "Bench", now: 0 });
  const rawUser = await createUser(raw, { orgId: rawOrg, name: "Bench", role: "lead", now: 0 });
  const writer = { org: { id: rawOrg, name: "Bench" }, user: { id: rawUser.id, name: "Bench", role: "lead" as const } };
  const server = await startServerProcess();
  const pushOf = (batch: Decision[]) => requestBytes("POST", "/v1/events", key, JSON.stringify({ events: batch }));

  /** Milliseconds of each round. */
  const took = { rawPush: [] as number[], push: [] as number[], rawPull: [] as number[], pull: [] as number[] };
  const timed = async (name: keyof typeof took, work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    took[name].push(performance.now() - began);
  };
  const lanes = openLanes(server.port, LANES);
  for (let round = 0; round < ROUNDS; round++) {
    const batches = Array.from({ length: BATCHES }, newBatch);
    const rows = await Promise.all(batches.map((batch) => Promise.all(batch.map((one) => rowOf(one, writtenOf(one), textSha256)))));
    const statements = rows.map((batch) => insertStatement(batch, writer, 0));
    const requests = batches.map(pushOf);
    await timed("rawPush", async () => {
      for (const statement of statements) await raw.$client.batch([statement], "write");
    });
    await timed("push", async () => {
      const left = [...requests];
      const lane = async () => {
        for (let request = left.shift(); request; request = left.shift()) demandOk(await lanes.send(request));
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    });
    await timed("rawPull", async () => {
      for (let page = 0; page < PAGES; page++)
        JSON.stringify((await raw.$client.execute({ sql: rawSelect, args: [rawOrg, page * PAGE, PAGE] })).rows);
    });
    await timed("pull", async () => {
      for (let page = 0, after = ""; page < PAGES; page++) {
        const { body } = demandOk(await lanes.send(requestBytes("GET", `/v1/events?limit=${PAGE}${after}`, key)));
        // What follows the events; they are not parsed, as little as on the raw side.
        after = `&after=${/"next":"([^"]+)"/.exec(body.toString("latin1", body.length - 500))?.[1]}`;
      }
    });
  }
  lanes.close();

  const sustainable = (BATCHES * 1000) / Math.min(...took.push);
  const overload = await pushTooMuch(server.port, sustainable, pushOf);
  await server.stop();
  const stored = new Set((await db.$client.execute("SELECT id FROM events")).rows.map(({ id }) => id));
  const missing = overload.acknowledged.filter((id) => !stored.has(id)).length;
  // Each round stands beside its raw one, so that what slows the machine for a while slows both; the median of twenty is no chance.
  const ratios = { pushRatio: median(pairs(took.rawPush, took.push)), pullRatio: median(pairs(took.rawPull, took.pull)) };
  const ofBest = {
    pushRatio: Math.min(...took.rawPush) / Math.min(...took.push),
    pullRatio: Math.min(...took.rawPull) / Math.min(...took.pull),
  };
  const { statuses, offered, withoutRetryAfter, p99 } = overload.seen;
  const only = Object.keys(statuses).every((status) => status === "200" || status === "429");
  const ok =
    ratios.pushRatio >= floors.pushRatio &&
    ratios.pullRatio >= floors.pullRatio &&
    offered >= sustainable * OVERLOAD.times * 0.9 &&
    only &&
    (statuses[200] ?? 0) > 0 &&
    withoutRetryAfter === 0 &&
    missing === 0;
  const perSecond = (count: number, ms: number[]) => Math.round(count / (median(ms) / 1000));
  const rounded = (all: typeof ratios) => Object.fromEntries(Object.entries(all).map(([name, value]) => [name, Number(value.toFixed(3))]));
  console.log(
    JSON.stringify({
      bench: "api",
      rowsPerSecond: {
        rawPush: perSecond(BATCHES * BATCH, took.rawPush),
        push: perSecond(BATCHES * BATCH, took.push),
        rawPull: perSecond(PAGES * PAGE, took.rawPull),
        pull: perSecond(PAGES * PAGE, took.pull),
      },
      ratios: rounded(ratios),
      ofBestRounds: rounded(ofBest),
      floors,
      overload: {
        times: Number((offered / sustainable).toFixed(1)),
        seconds: OVERLOAD.seconds,
        statuses,
        withoutRetryAfter,
        acknowledged: overload.acknowledged.length,
        missing,
        p99,
      },
      ok,
    }),
  );
  process.exitCode = ok ? 0 : 1;
}

function pairs(raw: number[], ours: number[]): number[] {
  return raw.map((ms, round) => ms / (ours[round] ?? Number.NaN));
}
function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return (at(Math.floor((sorted.length - 1) / 2)) + at(Math.floor(sorted.length / 2))) / 2;
}

/** Offers ten times what it can take; a refused batch is sent again later, as a client does. */
async function pushTooMuch(port: number, sustainable: number, pushOf: (batch: Decision[]) => Buffer) {
  const batches = Array.from({ length: Math.ceil(sustainable * OVERLOAD.seconds * 1.5) }, newBatch);
  const waiting = batches.map((batch) => ({ ids: batch.map(({ id }) => id), request: pushOf(batch) }));
  const acknowledged: string[] = [];
  const seen = await offer({
    port,
    perSecond: sustainable * OVERLOAD.times,
    seconds: OVERLOAD.seconds,
    next: () => waiting.shift(),
    answered(batch, { status, body }) {
      if (status !== 200) waiting.push(batch);
      else if (body.toString().split('"status":"stored"').length === BATCH + 1) acknowledged.push(...batch.ids);
      else throw new Error("A push was answered 200, but not all of it was stored");
    },
  });
  return { seen, acknowledged };
}

function demandOk(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`Answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`);
  return answer;
}

/** The server in a process of its own, as it runs in life. */
async function startServerProcess(): Promise<{ port: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", import.meta.filename, "serve", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = new Promise((done) => child.once("close", done));
  async function stop() {
    child.kill("SIGTERM");
    await ended;
  }
  for await (const line of createInterface(child.stdout)) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port) return { port: Number(port), stop };
  }
  throw new Error("The server did not start");
}
