// Whole worlds: some seeds of them are clean, the same in every process, and a fault in the code is found.
import { afterAll, expect, test } from "vitest";
import { mutants } from "./mutants.ts";
import { createPool } from "./pool.ts";
import { runMany } from "./run-many.ts";

/** Worlds take long on a busy machine. */
const patience = 240_000;
const pool = createPool(2);
afterAll(pool.close);

test("sixty seeds lose, double, block and change nothing, and leave the same trace in two processes", { timeout: patience }, async () => {
  const sum = await runMany({ pool, from: 1, seeds: 60, killVisits: 0, comparedEvery: 6 });
  expect(sum.guilty.map(({ job, result }) => ({ job, verdict: result.outcome.verdict }))).toEqual([]);
  expect(sum).toMatchObject({ seeds: 60, lost: 0, doubled: 0, stuck: 0, diverged: 0, nondeterministic: 0, compared: 10 });
  expect(Object.keys(sum.faults).length).toBeGreaterThan(20);
});

test("rows that leave the outbox too early are found", { timeout: patience }, async () => {
  const [mutant] = mutants;
  const sum = await runMany({ pool, from: 1, seeds: 200, killVisits: 0, mutations: mutant?.mutations ?? [], untilGuilty: true });
  expect(sum.guilty.length).toBeGreaterThan(0);
});
