// `npm run prove -- learning [--airflow]`: the whole loop with nothing mocked. Six reviewers correct 300 tickets over HTTP, one `trainer run` (or a real Airflow, task by task) learns, gates, signs and publishes, and an open Chromium changes over by itself.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Severity, ThreatType } from "../../shared/contract.ts";
import { startDesk } from "../../tests/desk/server.ts";
import type { DeskTicket } from "../../tests/desk/ticket-shape.ts";
import { joinDesk, shipped, type Tagged } from "../../tests/e2e/lab.ts";
import { startApi } from "../api-process.ts";
import { buildExtension } from "../build-extension.ts";
import { pairByHand } from "../pairing.ts";
import { linesOf, sendScenario } from "../send-scenario.ts";
import { retrain, retrainByAirflow, trainer } from "../trainer-process.ts";
import { until } from "../until.ts";

/** What the proof promises, in points of F1. */
const leastGain = 10;
const mostLost = 1;
const root = join(import.meta.dirname, "..", "..");
const artifacts = join(root, "artifacts", "learning");

const ScenarioTicket = z.object({
  key: z.string(),
  part: z.enum(["taught", "beside", "sibling"]),
  title: z.string(),
  description: z.string(),
  comments: z.array(z.string()),
  threatType: ThreatType,
  severity: Severity,
});
type ScenarioTicket = z.infer<typeof ScenarioTicket>;
const Compared = z.object({ types: z.record(z.string(), z.object({ before: z.number(), after: z.number() })) });

/** Airflow's programs, when it has to run the steps. */
const airflow = process.argv.includes("--airflow") ? process.env.AIRFLOW : null;
const folder = mkdtempSync(join(tmpdir(), "sectag-learning-"));
const began = performance.now();
const minutes = () => Math.round((performance.now() - began) / 6000) / 10;
let ok = false;
try {
  const figures = await prove();
  ok = figures.ok;
  console.log(JSON.stringify({ ...figures, minutes: minutes() }));
} catch (error) {
  console.error(error);
  console.log(JSON.stringify({ fault: error instanceof Error ? error.message : String(error), minutes: minutes(), ok: false }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(ok ? 0 : 1);

async function prove() {
  const signingKey = join(folder, "release.pem");
  const publicKey = /\b[0-9a-f]{64}\b/.exec(await trainer(["keys", "--out", signingKey]))?.[0];
  if (!publicKey) throw new Error("`trainer keys` printed no public key");
  process.env.SECTAG_RELEASE_KEYS = publicKey;
  buildExtension();
  const scene = join(folder, "scenario");
  await trainer(["scenario", "--out", scene]);
  const tickets = linesOf(join(scene, "tickets.jsonl"), ScenarioTicket);
  const siblings = tickets.filter(({ part }) => part === "sibling");
  const kind = tickets.find(({ part }) => part === "taught")?.threatType;
  if (!kind) throw new Error("The scenario teaches nothing");

  const api = await startApi({ folder: join(folder, "api"), env: { SECTAG_LOG: "warn", SECTAG_RELEASE_KEYS: publicKey } });
  const desk = await startDesk({ speed: "fast", tickets: siblings.map(deskTicketOf) });
  const bench = await joinDesk(desk, shipped);
  try {
    await pairByHand(bench.console, await api.pairingLink("reviewer-1", "analyst"));
    const answersNow = async (wanted: string | null) => {
      const found = new Map<string, Tagged["suggestion"]>();
      const page = await bench.browser.newPage();
      for (const ticket of desk.tickets) {
        await page.goto(desk.urlOf(ticket));
        const report = await bench.waitFor(
          ticket.key,
          (one) => one.state === "tagged" && (wanted === null || one.suggestion.modelVersion === wanted),
          60_000,
        );
        if (report.state === "tagged") found.set(ticket.key, report.suggestion);
      }
      await page.close();
      return found;
    };
    console.log(`\n${siblings.length} sibling tickets, read in Chromium by the packaged model ...`);
    const before = await answersNow(null);
    const versionBefore = [...before.values()][0]?.modelVersion;

    const rows = await sendScenario(api, scene);
    const corrections = rows.filter(({ decision }) => decision.verdict === "correct").length;
    console.log(`${rows.length} decisions pushed, ${corrections} of them corrections; now one \`trainer run\` ...`);

    const job = {
      api: api.baseUrl,
      key: await api.key("trainer", "service", "export", "publish"),
      ...{ signingKey, runs: join(folder, "runs") },
    };
    const trained = performance.now();
    const run = airflow ? await retrainByAirflow(job, airflow, join(folder, "airflow")) : await retrain(job);
    const runMinutes = Math.round((performance.now() - trained) / 6000) / 10;

    console.log(`${run.made} is published; the open browser looks for it ...`);
    await bench.console.bringToFront();
    await bench.console.click("section[aria-labelledby=model] .row button");
    const ticket = desk.tickets[0];
    if (!ticket) throw new Error("The desk is empty");
    const page = await bench.browser.newPage();
    await until(
      "the new model to answer",
      async () => {
        await page.goto(desk.urlOf(ticket));
        const report = await bench.waitFor(ticket.key, ({ state }) => state === "tagged", 60_000);
        return report.state === "tagged" && report.suggestion.modelVersion === run.made;
      },
      240_000,
    );
    await page.close();
    const after = await answersNow(run.made);
    await bench.console.bringToFront();
    mkdirSync(artifacts, { recursive: true });
    await bench.console.screenshot({ path: join(artifacts, "options.png"), fullPage: true });

    const siblingsTable = compare(f1ByType(siblings, before), f1ByType(siblings, after));
    print("siblings, in Chromium", siblingsTable);
    const dev = await devTable(versionBefore ?? "", run.model);
    if (dev) print("dev", dev);
    const gain = siblingsTable[kind]?.change ?? 0;
    const lost = Object.entries(dev ?? {})
      .filter(([type]) => type !== kind)
      .map(([type, { change }]) => ({ type, change }));
    const worst = lost.sort((a, b) => a.change - b.change)[0] ?? null;
    const figures = {
      kind,
      corrections,
      siblings: siblings.length,
      from: versionBefore,
      to: run.made,
      f1Before: siblingsTable[kind]?.before,
      f1After: siblingsTable[kind]?.after,
      gain: Math.round(gain * 10) / 10,
      devWorstOther: worst,
      gate: run.gate,
      newest: run.newest,
      runMinutes,
      ok: run.gate && gain >= leastGain && (worst === null || worst.change >= -mostLost),
    };
    const file = join(artifacts, "figures.json");
    writeFileSync(file, JSON.stringify({ ...figures, siblingsTable, dev }, null, 2));
    await trainer(["plot", "--figures", file, "--out", join(artifacts, "learning.png")]);
    return figures;
  } finally {
    await bench.close();
    await desk.close();
    await api.stop();
  }
}

function deskTicketOf({ key, title, description, threatType, severity }: ScenarioTicket): DeskTicket {
  return {
    key,
    sysId: Buffer.from(key.padEnd(16)).toString("hex"),
    system: "jira",
    title,
    description,
    comments: [],
    fields: {
      ...{ type: "Task", status: "Open", priority: "Medium", reporter: "Service desk", assignee: "", created: "2026-11-24 09:00" },
      parent: null,
    },
    expect: { threatType, severity },
    alternatives: [],
    language: "en",
    highlights: [],
    file: "",
  };
}

/** F1 of each type that the siblings have, in points. A ticket that the model is not sure about counts as its best type. */
function f1ByType(siblings: readonly ScenarioTicket[], answers: ReadonlyMap<string, Tagged["suggestion"]>): Record<string, number> {
  const said = (key: string) => answers.get(key)?.threatType ?? null;
  return Object.fromEntries(
    [...new Set(siblings.map(({ threatType }) => threatType))].sort().map((type) => {
      const hits = siblings.filter(({ key, threatType }) => threatType === type && said(key) === type).length;
      const gold = siblings.filter(({ threatType }) => threatType === type).length;
      const found = siblings.filter(({ key }) => said(key) === type).length;
      return [type, (200 * hits) / (gold + found)];
    }),
  );
}

type Table = Record<string, { before: number; after: number; change: number }>;

function compare(before: Record<string, number>, after: Record<string, number>): Table {
  return Object.fromEntries(
    Object.entries(before).map(([type, was]) => [type, { before: was, after: after[type] ?? 0, change: (after[type] ?? 0) - was }]),
  );
}

function print(title: string, table: Table): void {
  console.log(`\n${title.padEnd(24)}${"before".padStart(8)}${"after".padStart(8)}${"change".padStart(8)}`);
  for (const [type, { before, after, change }] of Object.entries(table))
    console.log(`${type.padEnd(24)}${[before, after, change].map((value) => value.toFixed(1).padStart(8)).join("")}`);
}

/** Where the public data is at hand: what else the model may have lost. */
async function devTable(versionBefore: string, after: string): Promise<Table | null> {
  const file = join(root, "..", "shared", "data", "threat_dev.jsonl.gz");
  if (!existsSync(file)) return null;
  const printed = await trainer(["compare", "--before", join("models", versionBefore), "--after", after, "--data", file]);
  const { types } = Compared.parse(JSON.parse(printed.trim().split("\n").at(-1) ?? ""));
  const [before, now] = (["before", "after"] as const).map((when) =>
    Object.fromEntries(Object.entries(types).map(([type, f1]) => [type, f1[when]])),
  );
  return compare(before ?? {}, now ?? {});
}
