// Kills a context at each await of the client's code, once before and once after what is awaited, in the cheapest world that comes there.
import { isExcused } from "./excused.ts";
import type { Pool } from "./pool.ts";
import type { Job, Result } from "./worker.ts";

/** The cheapest world in which an await is come to, and how often. */
interface Place {
  seed: number;
  steps: number;
  times: number;
}
/** By the number of the await. */
export type Places = Map<number, Place>;

export interface Kills {
  /** Runs with a kill. */
  kills: number;
  awaitPoints: number;
  /** Awaits at which a context was killed in both moments. */
  awaitPointsHit: number;
  /** Awaits that need no kill, for a reason that excused.ts gives. */
  awaitPointsExcused: number;
  /** Awaits that no world came to and that nothing excuses, as `file:line:column`. */
  unreached: string[];
}

/** Where worlds are sought when the seeds that were asked for do not come to some await. */
const further = 1_000_001;
const mostFurther = 600;

export function notePlaces(places: Places, { seed }: Job, { outcome: { steps }, visits }: Result): void {
  for (const [point, times] of visits)
    if (steps < (places.get(point)?.steps ?? Number.POSITIVE_INFINITY)) places.set(point, { seed, steps, times });
}

interface Options {
  pool: Pool;
  points: readonly string[];
  /** Of the seeds that were run; filled up here. */
  places: Places;
  /** At so many of the visits of each await. */
  visits: number;
  take(job: Job, result: Result): void;
}

export async function killAtAwaits({ pool, points, places, visits, take }: Options): Promise<Kills> {
  const needed = points.flatMap((place, point) => (isExcused(place) ? [] : [point]));
  const more = Array.from({ length: mostFurther }, (_, index): Job => ({ seed: further + index, survey: true }));
  await pool.each(more, async (job) => {
    if (needed.some((point) => !places.has(point))) notePlaces(places, job, await pool.run(job));
  });
  const jobs = [...places].flatMap(([point, { seed, times }]) =>
    Array.from({ length: Math.min(times, visits) }, (_, part) => 1 + Math.floor((part * times) / visits)).flatMap((time) =>
      (["before", "after"] as const).map((moment) => ({ seed, kill: { point, moment, time } })),
    ),
  );
  const hit = new Map<number, Set<string>>();
  let kills = 0;
  await pool.each(jobs, async (job) => {
    const result = await pool.run(job);
    if (!result.killed) return;
    kills++;
    take(job, result);
    hit.set(job.kill.point, (hit.get(job.kill.point) ?? new Set()).add(job.kill.moment));
  });
  const missed = points.filter((_, point) => hit.get(point)?.size !== 2);
  const unreached = missed.filter((place) => !isExcused(place));
  return {
    kills,
    awaitPoints: points.length,
    awaitPointsHit: points.length - missed.length,
    awaitPointsExcused: missed.length - unreached.length,
    unreached,
  };
}
