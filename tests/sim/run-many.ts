// Runs many seeds, and a kill at every await of the client's code, and adds up what came of them.
import type { Verdict } from "./checker.ts";
import type { Mutation } from "./instrument.ts";
import { type Kills, killAtAwaits, notePlaces, type Places } from "./kill-awaits.ts";
import type { Pool } from "./pool.ts";
import type { Job, Result } from "./worker.ts";

export interface Sum extends Kills {
  seeds: number;
  /** Kind -> how often. */
  faults: Record<string, number>;
  /** Worlds with such a fault. */
  lost: number;
  doubled: number;
  stuck: number;
  diverged: number;
  /** Worlds that used time or chance that was not passed in, or whose runs in two processes left different traces; so many were compared. */
  nondeterministic: number;
  compared: number;
  /** The first worlds in which something was wrong. */
  guilty: { job: Job; result: Result }[];
}

interface Options {
  pool: Pool;
  from: number;
  seeds: number;
  /** Also kill at every await, at so many of its visits; 0: no kills. */
  killVisits: number;
  mutations?: readonly Mutation[];
  /** Told now and then. */
  onProgress?: (done: string) => void;
  /** Every so many seeds one is run once more, in another process. */
  comparedEvery?: number;
  /** Ends early when a world is guilty. */
  untilGuilty?: boolean;
  /** Once it aborts, no other world is begun. */
  signal?: AbortSignal;
}

/** Of so many seeds it is noted which awaits they come to. */
const surveyed = 600;
const mostGuilty = 20;

const kinds = ["lost", "doubled", "stuck", "diverged", "nondeterministic"] as const satisfies readonly (keyof Verdict)[];

export async function runMany({
  pool,
  from,
  seeds,
  killVisits,
  mutations = [],
  onProgress,
  comparedEvery = 50,
  untilGuilty = false,
  signal,
}: Options): Promise<Sum> {
  const points = await pool.prepare(mutations);
  const sum: Sum = {
    ...{ seeds: 0, faults: {}, lost: 0, doubled: 0, stuck: 0, diverged: 0, nondeterministic: 0, compared: 0, guilty: [] },
    ...{ kills: 0, awaitPoints: points.length, awaitPointsHit: 0, awaitPointsExcused: 0, unreached: [] },
  };
  const take = (job: Job, result: Result) => {
    const { faults, verdict } = result.outcome;
    for (const [kind, count] of Object.entries(faults)) sum.faults[kind] = (sum.faults[kind] ?? 0) + count;
    const found = kinds.filter((kind) => verdict[kind].length > 0);
    for (const kind of found) sum[kind]++;
    if (found.length > 0 && sum.guilty.length < mostGuilty) sum.guilty.push({ job, result });
  };
  const places: Places = new Map();
  const jobs = Array.from({ length: seeds }, (_, index): Job => ({ seed: from + index, survey: killVisits > 0 && index < surveyed }));
  await pool.each(jobs, async (job, index) => {
    if (signal?.aborted || (untilGuilty && sum.guilty.length > 0)) return;
    const result = await pool.run(job, index);
    sum.seeds++;
    take(job, result);
    notePlaces(places, job, result);
    if (job.seed % comparedEvery === 0) {
      const again = await pool.run({ seed: job.seed }, index + 1);
      sum.compared++;
      if (again.outcome.hash !== result.outcome.hash) sum.nondeterministic++;
    }
    if (sum.seeds % 500 === 0)
      onProgress?.([`${sum.seeds} seeds, ${sum.guilty.length} of them guilty`, ...sum.guilty.map(({ job }) => job.seed)].join(" "));
  });
  if (killVisits > 0 && !signal?.aborted) Object.assign(sum, await killAtAwaits({ pool, points, places, visits: killVisits, take }));
  return sum;
}
