// `npm run sim -- --seeds N`: the sync simulator. `--from S` begins elsewhere, `--seed S` replays one seed and shows its trace, `--mutants` proves that faults are found, `--json` prints the last line only. Interrupted it says what it has seen so far.
import { parseArgs } from "node:util";
import { mutants } from "../tests/sim/mutants.ts";
import { createPool } from "../tests/sim/pool.ts";
import { runMany, type Sum } from "../tests/sim/run-many.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    processes: { type: "string" },
  },
});
const began = performance.now();
const seconds = () => Math.round((performance.now() - began) / 1000);
/** Each must be found within so many seeds. */
const seedsForMutants = 200;
/** A long run also kills at later visits of each await. */
const killVisits = Number(values.seeds) >= 10_000 ? 4 : 1;
const one = values.seed !== undefined;
const say = (text: string) => (values.json ? undefined : console.log(text));

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
const pool = createPool(values.processes ? Number(values.processes) : undefined);
const sum = await runMany({
  pool,
  from: Number(values.seed ?? values.from),
  seeds: one ? 1 : Number(values.seeds),
  killVisits: one ? 0 : killVisits,
  signal: interrupted.signal,
  onProgress: (done) => console.error(`${done}, ${seconds()} s`),
});
show(sum);
let mutantsFound = 0;
for (const { name, mutations } of values.mutants && !interrupted.signal.aborted ? mutants : []) {
  const { guilty, seeds } = await runMany({ pool, from: 1, seeds: seedsForMutants, killVisits: 0, mutations, untilGuilty: true });
  if (guilty.length > 0) mutantsFound++;
  say(`${guilty.length > 0 ? `found within ${seeds} seeds` : "NOT FOUND"}: ${name}`);
}
pool.close();
const { lost, doubled, stuck, diverged, nondeterministic, unreached } = sum;
const ok =
  !interrupted.signal.aborted &&
  lost + doubled + stuck + diverged + nondeterministic + unreached.length === 0 &&
  (!values.mutants || mutantsFound === mutants.length);
console.log(
  JSON.stringify({
    seeds: sum.seeds,
    faults: Object.values(sum.faults).reduce((all, count) => all + count, 0),
    ...{ lost, doubled, stuck, diverged, nondeterministic },
    compared: sum.compared,
    awaitPoints: sum.awaitPoints,
    awaitPointsHit: sum.awaitPointsHit,
    awaitPointsExcused: sum.awaitPointsExcused,
    kills: sum.kills,
    ...(values.mutants ? { mutants: mutants.length, mutantsFound } : {}),
    guiltySeeds: sum.guilty.map(({ job }) => job.seed),
    seconds: seconds(),
    interrupted: interrupted.signal.aborted,
    ok,
  }),
);
process.exit(ok ? 0 : 1);

function show({ faults, guilty, unreached }: Sum): void {
  say("\nFaults injected:");
  for (const [kind, count] of Object.entries(faults).sort(([, a], [, b]) => b - a)) say(`${String(count).padStart(9)}  ${kind}`);
  for (const { job, result } of guilty.slice(0, 5)) {
    say(`\nSeed ${job.seed}${job.kill ? `, killed ${JSON.stringify(job.kill)}` : ""}:`);
    for (const [kind, found] of Object.entries(result.outcome.verdict)) for (const fault of found) say(`  ${kind}: ${fault}`);
    say(result.outcome.trace.slice(one ? 0 : -40).join("\n"));
  }
  if (unreached.length > 0) say(`\nAwaits at which nobody was killed: ${unreached.join(", ")}`);
}
