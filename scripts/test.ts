// Runs every check in order and ends with `N passed, N failed`. `--quick`: without builds, browser and trainer. `--only a,b`: these steps.
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

interface Step {
  name: string;
  command: string[];
  quick?: boolean;
  env?: Record<string, string>;
  /** Begins together with this step, which leaves a core free; its lines are shown when its own turn comes. */
  beside?: string;
  /** Counts tests in the step's output; a step without a count is one check. */
  count?(output: string): { passed: number; failed: number };
}

const vitest = (output: string) => {
  const line = /^\s*Tests\s+(.*)$/m.exec(output)?.[1] ?? "";
  return { passed: number(line, /(\d+) passed/), failed: number(line, /(\d+) failed/) };
};
const pytest = (output: string) => {
  const line =
    output
      .trim()
      .split("\n")
      .findLast((text) => /\d+ (passed|failed|error)/.test(text)) ?? "";
  return { passed: number(line, /(\d+) passed/), failed: number(line, /(\d+) failed/) + number(line, /(\d+) errors?/) };
};
const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);

const node = ["node", "--disable-warning=ExperimentalWarning"];
const python = ".venv/bin/python";
const steps: Step[] = [
  { name: "format and lint", quick: true, command: ["biome", "ci", "--error-on-warnings", "."] },
  { name: "generated types", quick: true, command: ["wxt", "prepare"] },
  { name: "types", quick: true, command: ["tsc", "-p", "."] },
  { name: "generated files", quick: true, command: [...node, "scripts/gen.ts", "--check"] },
  { name: "unit and contract", quick: true, command: ["vitest", "run"], count: vitest },
  { name: "simulator", command: [...node, "scripts/sim.ts", "--seeds", "1000", "--mutants"] },
  { name: "python format", command: [python, "-m", "ruff", "format", "--check", "trainer", "tests"] },
  { name: "python lint", command: [python, "-m", "ruff", "check", "trainer", "tests"] },
  { name: "python types", command: [python, "-m", "mypy"] },
  {
    name: "trainer",
    command: [python, "-m", "pytest", "tests"],
    count: pytest,
    beside: "unit and contract",
    env: { OMP_NUM_THREADS: "1" },
  },
  { name: "build for Firefox", command: ["wxt", "build", "--browser", "firefox"] },
  { name: "build", command: ["wxt", "build"] },
  { name: "build with the tiny model", command: ["wxt", "build"], env: { SECTAG_MODEL: "tiny", SECTAG_OUT: ".output/tiny" } },
  { name: "end-to-end", command: ["vitest", "run", "--config", "vitest.e2e.config.ts"], count: vitest },
];

const { values } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" } } });
const only = values.only?.split(",");
const chosen = steps.filter((step) => (only ? only.includes(step.name) : !values.quick || step.quick));
if (chosen.length === 0) {
  console.error(`No such step. There are: ${steps.map((step) => step.name).join(", ")}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const failures: string[] = [];
const began = performance.now();
const begun = new Map<Step, ReturnType<typeof run>>();
for (const step of chosen) {
  const stepBegan = performance.now();
  console.log(`\n== ${step.name}: ${step.command.join(" ")}`);
  for (const other of chosen) if (other.beside === step.name) begun.set(other, run(other, { quietly: true }));
  const early = begun.get(step);
  const { code, output } = await (early ?? run(step));
  if (early) process.stdout.write(output);
  const counted = step.count?.(output);
  // A runner that found no test at all has proved nothing.
  const ok = code === 0 && (!counted || counted.passed > 0);
  passed += counted ? counted.passed : ok ? 1 : 0;
  failed += counted ? Math.max(counted.failed, ok ? 0 : 1) : ok ? 0 : 1;
  if (!ok) failures.push(step.name);
  console.log(`== ${step.name}: ${ok ? "ok" : `FAILED (code ${code})`} in ${((performance.now() - stepBegan) / 1000).toFixed(1)} s`);
}
if (failures.length > 0) console.log(`\nFailed: ${failures.join(", ")}`);
console.log(`\nAll steps took ${((performance.now() - began) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failures.length > 0 ? 1 : 0);

/** Runs one step, keeps its output, and shows it as it comes. */
function run({ command, env }: Step, { quietly = false } = {}): Promise<{ code: number; output: string }> {
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, NO_COLOR: "1", ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer) => {
      output += chunk.toString();
      if (!quietly) process.stdout.write(chunk);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 127, output: `${output}\n${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
