// `npm run prove -- kills [--kills 100] [--seed TEXT]`: the background is killed 100 times, the API 50 and Chromium 20; what was acknowledged is compared each time.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { buildExtension } from "../build-extension.ts";

const { values } = parseArgs({ options: { kills: { type: "string", default: "100" }, seed: { type: "string" } } });
const kills = Number(values.kills);
if (!(kills >= 1)) {
  console.error("--kills is a number from 1 on");
  process.exit(2);
}
buildExtension("tiny");
const run = (count: number, ...args: string[]) =>
  spawnSync("vitest", ["run", ...args], {
    stdio: "inherit",
    env: { ...process.env, NO_COLOR: "1", SECTAG_KILLS: String(count), ...(values.seed ? { SECTAG_SEED: values.seed } : {}) },
  }).status === 0;
const e2e = ["--config", "vitest.e2e.config.ts"];
const proved = {
  background: run(kills, ...e2e, "tests/e2e/kill-background.e2e.ts"),
  browser: run(kills, ...e2e, "tests/e2e/kill-browser.e2e.ts"),
  api: run(Math.ceil(kills / 2), "tests/worker-api/kill.test.ts"),
};
const ok = Object.values(proved).every(Boolean);
console.log(
  JSON.stringify({ kills: { background: kills, browser: Math.max(1, Math.round(kills / 5)), api: Math.ceil(kills / 2) }, ...proved, ok }),
);
process.exit(ok ? 0 : 1);
