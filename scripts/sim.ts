// `npm run sim -- --seeds N`: the sync simulator. `--from S` begins elsewhere, `--seed S` replays one seed and shows its trace, `--mutants` proves that faults are found.
import { parseArgs } from "node:util";
import { mutants } from "../tests/sim/mutants.ts";
import { runMany } from "../tests/sim/run-many.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    mutants: { type: "boolean" },
    processes: { type: "string" },
  },
});
const began = performance.now();
const one = values.seed !== undefined;
const sum = await runMany({
  from: Number(values.seed ?? values.from),
  seeds: one ? 1 : Number(values.seeds),
  kills: !one,
  ...(values.processes ? { processes: Number(values.processes) } : {}),
  onProgress: (done) => console.error(`${done} seeds, ${((performance.now() - began) / 1000).toFixed(0)} s`),
});
console.log("\nFaults injected:");
for (const [kind, count] of Object.entries(sum.faults).sort(([, a], [, b]) => b - a)) console.log(`${String(count).padStart(9)}  ${kind}`);
for (const { seed, verdict, trace } of sum.guilty.slice(0, 5)) {
  console.log(`\nSeed ${seed}:`);
  for (const [kind, faults] of Object.entries(verdict)) for (const fault of faults) console.log(`  ${kind}: ${fault}`);
  console.log(trace.slice(one ? 0 : -40).join("\n"));
}
if (sum.unreached.length > 0) console.log(`\nAwaits at which nothing was killed: ${sum.unreached.join(", ")}`);
const { guilty: _guilty, faults, unreached, ...figures } = sum;
/** Each must be found within this many seeds. */
const seedsForMutants = 200;
let found = 0;
for (const { name, mutation } of values.mutants ? mutants : []) {
  const { guilty, seeds } = await runMany({ from: 1, seeds: seedsForMutants, kills: false, mutations: [mutation], untilGuilty: true });
  if (guilty.length > 0) found++;
  console.log(`${guilty.length > 0 ? `found after ${seeds} seeds` : "NOT FOUND"}: ${name}`);
}
const mutantFigures = values.mutants ? { mutants: mutants.length, mutantsFound: found } : {};
const clean = sum.lost + sum.doubled + sum.stuck + sum.diverged + sum.nondeterministic === 0;
const ok = clean && unreached.length === 0 && (!values.mutants || found === mutants.length);
const injected = Object.values(faults).reduce((all, count) => all + count, 0);
console.log(
  JSON.stringify({
    ...figures,
    ...mutantFigures,
    faults: injected,
    guiltySeeds: sum.guilty.map(({ seed }) => seed),
    seconds: Math.round((performance.now() - began) / 1000),
    ok,
  }),
);
process.exit(ok ? 0 : 1);
