// The one door to every command: sets up what the task needs, then runs it under the right Node. `npm start`, `npm test`, ...
import { spawnSync } from "node:child_process";
import { ensureAirflow, ensureChromium, ensureFirefox, ensureNode, ensurePackages, ensurePython, environment, root } from "./setup.mjs";

const node = (...args) => ["node", "--disable-warning=ExperimentalWarning", ...args];

/** task -> what it needs beside Node and the packages, and the command; arguments of the caller go at the end. */
const tasks = {
  start: { needs: ["chromium"], command: node("scripts/start.ts") },
  test: { needs: ["chromium", "python"], command: node("scripts/test.ts") },
  check: { command: node("scripts/test.ts", "--quick") },
  e2e: { needs: ["chromium"], command: node("scripts/test.ts", "--only", "build,build with the tiny model,end-to-end") },
  dev: { needs: ["chromium"], command: ["wxt"] },
  build: { command: ["wxt", "build"] },
  "build:firefox": { command: ["wxt", "build", "--browser", "firefox"] },
  zip: { command: ["wxt", "zip"] },
  "dev:api": { command: ["node", "--watch", ...node("worker-api/server.ts").slice(1)] },
  api: { command: node("worker-api/server.ts") },
  sim: { command: node("scripts/sim.ts") },
  prove: { needs: ["chromium"], command: node("scripts/prove.ts") },
  desk: { command: node("scripts/desk.ts") },
  tag: { command: node("scripts/tag.ts") },
  bench: { needs: ["chromium"], command: node("scripts/bench.ts") },
  gen: { command: node("scripts/gen.ts") },
  "new:site": { command: node("scripts/new-site.ts") },
  selectors: { command: node("scripts/sign-selectors.ts") },
  format: { command: ["biome", "check", "--write", "."] },
  trainer: { needs: ["python"], command: [".venv/bin/python", "-m", "trainer"] },
};

const [name, ...args] = process.argv.slice(2);
const task = tasks[name];
if (!task) {
  console.error(`Unknown task "${name ?? ""}". There are: ${Object.keys(tasks).join(", ")}`);
  process.exit(2);
}
try {
  const nodePath = ensureNode();
  ensurePackages(nodePath);
  const env = environment(nodePath);
  if (task.needs?.includes("chromium")) env.CHROMIUM = ensureChromium();
  if (task.needs?.includes("python")) ensurePython();
  if (name === "prove" && args[0] === "firefox") env.FIREFOX = ensureFirefox();
  if (name === "prove" && args.includes("--airflow")) env.AIRFLOW = ensureAirflow();
  const [command, ...fixed] = task.command;
  const result = spawnSync(command, [...fixed, ...args], { cwd: root, stdio: "inherit", env });
  if (result.error) throw result.error;
  process.exit(result.status ?? 1);
} catch (error) {
  console.error(`[${name}] ${error.message}`);
  process.exit(1);
}
