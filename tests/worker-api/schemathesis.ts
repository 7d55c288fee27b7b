// `node tests/worker-api/schemathesis.ts [RUN...]`: schemathesis against a real server with a fresh database, fixed seed, about three minutes.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKey, createOrg, createUser, roleScopes } from "../../worker-api/accounts.ts";
import { readConfig } from "../../worker-api/config.ts";
import { startServer } from "../../worker-api/start-server.ts";

const VERSION = "4.32.5";
const SEED = 20261125;
const SECONDS = 45;
const root = join(import.meta.dirname, "..", "..");
const programs = join(root, ".cache", "schemathesis");
const program = join(programs, "bin", "schemathesis");

/** What is run, and which checks do not fit it. */
const runs = [
  {
    name: "push",
    // A bad event is said in its own result with status 200: the other events of the batch are stored.
    args: ["--include-name", "POST /v1/events", "--exclude-checks", "negative_data_rejection"],
  },
  {
    name: "cursors",
    // A string that this server did not sign is refused, which no schema can say.
    args: ["--include-name-regex", "^GET /v1/(events|export)$", "--exclude-checks", "positive_data_acceptance"],
  },
  {
    name: "publishing",
    // Bytes of another hash, what nobody signed, and more finds than visits are refused, which no schema can say.
    args: ["--include-name-regex", "^(PUT|POST) /v1/(models|selectors)/", "--exclude-checks", "positive_data_acceptance"],
  },
  { name: "the rest", args: ["--exclude-name-regex", "^((GET|POST) /v1/(events|export)$|(PUT|POST) /v1/(models|selectors)/)"] },
];
const chosen = process.argv.slice(2);

function install(): void {
  const found = existsSync(program) ? spawnSync(program, ["--version"], { encoding: "utf8" }).stdout : "";
  if (found.includes(VERSION)) return;
  for (const [command, ...args] of [
    ["python3", "-m", "venv", programs],
    [join(programs, "bin", "pip"), "install", "--quiet", `schemathesis==${VERSION}`],
  ]) {
    const { status } = spawnSync(command ?? "", args, { stdio: "inherit" });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
  }
}

install();
const folder = mkdtempSync(join(tmpdir(), "sectag-schemathesis-"));
const failures: string[] = [];
// Limits are tested elsewhere; here they would hide what lies behind them.
const unlimited = { burst: 1e9, perSecond: 1e9 };
const environment = { SECTAG_DATABASE: join(folder, "x.db"), SECTAG_PORT: "0", SECTAG_LOG: "error", SECTAG_RELEASE_KEYS: "0b".repeat(32) };
const server = await startServer(readConfig(environment), {
  log: (entry) => console.log(JSON.stringify(entry)),
  limits: { perKey: unlimited, pairing: unlimited },
});
try {
  const now = Date.now();
  const orgId = await createOrg(server.db, { name: "Schemathesis", now });
  const { id: userId } = await createUser(server.db, { orgId, name: "tester", role: "admin", now });
  const { key } = await createKey(server.db, { orgId, userId, name: "test", scopes: roleScopes.admin, expires: null, now });
  for (const { name, args } of runs.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
    const all = [
      "run",
      `${server.origin}/openapi.json`,
      "--header",
      `Authorization: Bearer ${key}`,
      "--checks",
      "all",
      "--phases",
      "examples,coverage,fuzzing",
    ];
    const bounds = [
      "--seed",
      String(SEED),
      "--max-time",
      String(SECONDS),
      "--max-examples",
      "150",
      "--workers",
      "1",
      "--continue-on-failure",
    ];
    console.log(`\n== schemathesis: ${name}`);
    const child = spawn(program, [...all, ...bounds, ...args], { stdio: "inherit", cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
    const code = await new Promise((done) => child.once("close", done));
    if (code !== 0) failures.push(name);
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures.length === 0 ? "\nschemathesis: ok" : `\nschemathesis: failed: ${failures.join(", ")}`);
process.exitCode = failures.length === 0 ? 0 : 1;
