// Runs the trainer as its users do: by its command, or all its steps by a real Airflow.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "..");

/** The line with which `trainer run` ends. */
const RunLine = z.object({
  ok: z.boolean(),
  made: z.string(),
  model: z.string(),
  gate: z.boolean(),
  published: z.boolean(),
  /** Of the newest reviewed tickets, which were not taught, so many are answered as the team did. */
  newest: z.object({ tickets: z.int(), before: z.int(), after: z.int() }).optional(),
});
export type RunLine = z.infer<typeof RunLine>;

interface Retrain {
  api: string;
  /** API key with the scopes export and publish. */
  key: string;
  signingKey: string;
  /** Root of the run folders. */
  runs: string;
}

/** Runs a step of the trainer, shows its lines, and resolves with them. @throws Error when it fails. */
export function trainer(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  return shown(process.execPath, [join(root, "scripts", "run.mjs"), "trainer", ...args], env);
}

/** One `trainer run` that publishes in the channel `stable`. @throws Error when it made or published nothing. */
export async function retrain({ api, key, signingKey, runs }: Retrain): Promise<RunLine> {
  const args = ["--runs", runs, "run", "--api", api, "--publish", "stable"];
  return runLine(await trainer(args, { SECTAG_KEY: key, SECTAG_SIGNING_KEY: signingKey }));
}

/** The same by `airflow dags test`, which runs trainer/dags/retrain.py task by task. @param programs Airflow's. @param home an empty folder. */
export async function retrainByAirflow({ api, key, signingKey, runs }: Retrain, programs: string, home: string): Promise<RunLine> {
  mkdirSync(home, { recursive: true });
  const env = {
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__DAGS_FOLDER: join(root, "trainer", "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES: "False",
    ...{ SECTAG_API: api, SECTAG_KEY: key, SECTAG_SIGNING_KEY: signingKey, SECTAG_RUNS: runs, SECTAG_CHANNEL: "stable" },
  };
  const airflow = join(programs, "airflow");
  await shown(airflow, ["db", "migrate"], env);
  return runLine(await shown(airflow, ["dags", "test", "sectag_retrain"], env));
}

/** @throws Error when no line says that a model was published. */
export function runLine(output: string): RunLine {
  const last = [...output.matchAll(/\{"ok": (?:true|false), "made": "(?:[^{}]|\{[^{}]*\})*\}/g)].at(-1)?.[0];
  const line = last === undefined ? null : RunLine.parse(JSON.parse(last));
  if (!line?.published) throw new Error(`Nothing was published: ${last ?? "the trainer printed no result"}`);
  return line;
}

async function shown(command: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    process.stdout.write(chunk);
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`\`${[command, ...args].join(" ")}\` ended with code ${code}`);
  return output;
}
