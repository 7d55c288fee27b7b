// Runs many seeds, and a kill at every await of the client's code, and adds up what came of them.
import type { Verdict } from "./checker.ts";
import { isExcused } from "./excused.ts";
import type { Mutation } from "./instrument.ts";
import { createPool, type Pool } from "./pool.ts";
import type { Outcome } from "./run-seed.ts";
import type { Job } from "./worker.ts";

export interface Sum {
  seeds: number;
  /** Kind -> how often. */
  faults: Record<string, number>;
  /** Worlds with such a fault. */
  lost: number;
  doubled: number;
  stuck: number;
  diverged: number;
  /** Worlds that used time or chance that was not passed in, or whose two runs in two processes left different traces; so many were compared. */
  nondeterministic: number;
  compared: number;
  /** Awaits of the client's code, and those at which a context was killed, before and after what is awaited. */
  awaitPoints: number;
  awaitPointsHit: number;
  /** Awaits that need no kill, for a reason that excused.ts gives. */
  awaitPointsExcused: number;
  /** Runs with such a kill. */
  kills: number;
  /** Awaits that no world came to and that nothing excuses, as `file:line:column`. */
  unreached: string[];
  /** The first worlds in which something was wrong, with the kill that was ordered there. */
  guilty: { job: Job; outcome: Outcome }[];
}

interface Options {
  from: number;
  seeds: number;
  /** Also kill at every await; at so many of the times that it is come to. */
  killsAnAwait: number;
  processes?: number;
  mutations?: readonly Mutation[];
  /** Told now and then. */
  onProgress?: (done: string) => void;
  /** Ends early when a world is guilty. */
  untilGuilty?: boolean;
}

/** Every so many seeds one is run once more, in another process. */
const comparedEvery = 50;
/** Of so many seeds it is noted which awaits they come to. */
const surveyed = 600;
const mostGuilty = 20;

const kinds = ["lost", "doubled", "stuck", "diverged", "nondeterministic"] as const satisfies readonly (keyof Verdict)[];

export async function runMany({ from, seeds, killsAnAwait, processes, mutations, onProgress, untilGuilty = false }: Options): Promise<Sum> {
  const pool = await createPool(mutations, processes);
  const sum: Sum = {
    ...{ seeds: 0, faults: {}, lost: 0, doubled: 0, stuck: 0, diverged: 0, nondeterministic: 0, compared: 0 },
    ...{ awaitPoints: pool.points.length, awaitPointsHit: 0, awaitPointsExcused: 0, kills: 0, unreached: [], guilty: [] },
  };
  const take = (job: Job, outcome: Outcome) => {
    for (const [kind, count] of Object.entries(outcome.faults)) sum.faults[kind] = (sum.faults[kind] ?? 0) + count;
    const faults = kinds.filter((kind) => outcome.verdict[kind].length > 0);
    for (const kind of faults) sum[kind]++;
    if (faults.length > 0 && sum.guilty.length < mostGuilty) sum.guilty.push({ job, outcome });
  };
  const places = new Map<number, Place>();
  try {
    await inParallel(pool, numbers(from, seeds), async (seed, index) => {
      if (untilGuilty && sum.guilty.length > 0) return;
      const job = { seed, survey: killsAnAwait > 0 && index < surveyed };
      const { outcome, visits } = await pool.run(job, index);
      sum.seeds++;
      take(job, outcome);
      note(places, { seed }, outcome.steps, visits);
      if (seed % comparedEvery === 0) {
        const again = await pool.run({ seed }, index + 1);
        sum.compared++;
        if (again.outcome.hash !== outcome.hash) sum.nondeterministic++;
      }
      if (sum.seeds % 500 === 0) onProgress?.(`${sum.seeds} seeds`);
    });
    if (killsAnAwait > 0) {
      await lookFurther(pool, places);
      onProgress?.(`${places.size} of ${pool.points.length} awaits are come to`);
      await killEverywhere(pool, places, killsAnAwait, sum, take);
    }
  } finally {
    pool.close();
  }
  return sum;
}

/** The cheapest world in which an await is come to, and how often. */
interface Place {
  job: { seed: number; only?: readonly string[] };
  steps: number;
  times: number;
}

function note(places: Map<number, Place>, job: Place["job"], steps: number, visits: readonly [number, number][]): void {
  for (const [point, times] of visits)
    if (steps < (places.get(point)?.steps ?? Number.POSITIVE_INFINITY)) places.set(point, { job, steps, times });
}

/** Awaits that no seed came to: some worlds for each kind of trouble alone, as long as something is missing. */
async function lookFurther(pool: Pool, places: Map<number, Place>): Promise<void> {
  const missing = () => pool.points.some((place, point) => !places.has(point) && !isExcused(place));
  const worlds = numbers(1_000_000, 12).flatMap((seed) => pool.troubles.map((name, index) => ({ seed: seed + 100 * index, only: [name] })));
  await inParallel(pool, worlds, async (job) => {
    if (!missing()) return;
    const { outcome, visits } = await pool.run({ ...job, survey: true });
    note(places, job, outcome.steps, visits);
  });
}

async function killEverywhere(
  pool: Pool,
  places: ReadonlyMap<number, Place>,
  timesAnAwait: number,
  sum: Sum,
  take: (job: Job, outcome: Outcome) => void,
): Promise<void> {
  const hit = new Map<number, Set<string>>();
  const jobs = [...places].flatMap(([point, { job, times }]) =>
    numbers(0, Math.min(times, timesAnAwait)).flatMap((part) =>
      (["before", "after"] as const).map((moment) => ({
        ...job,
        kill: { point, moment, time: 1 + Math.floor((part * times) / timesAnAwait) },
      })),
    ),
  );
  await inParallel(pool, jobs, async (job) => {
    const { outcome, killed } = await pool.run(job);
    if (!killed) return;
    sum.kills++;
    take(job, outcome);
    hit.set(job.kill.point, (hit.get(job.kill.point) ?? new Set()).add(job.kill.moment));
  });
  const missed = pool.points.filter((_, point) => hit.get(point)?.size !== 2);
  sum.awaitPointsHit = pool.points.length - missed.length;
  sum.unreached = missed.filter((place) => !isExcused(place));
  sum.awaitPointsExcused = missed.length - sum.unreached.length;
}

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

/** Does the work for each of the items, as many at a time as keep the pool busy. */
async function inParallel<T>(pool: Pool, items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const hand = async () => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: pool.size * 8 }, hand));
}
