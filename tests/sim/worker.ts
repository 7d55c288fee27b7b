// One process of the simulator: makes the code under test ready once, then runs the worlds that it is told, one after another.
import { replaceGlobals } from "./globals.ts";
import type { Mutation } from "./instrument.ts";
import type { Outcome } from "./run-seed.ts";

export interface Job {
  seed: number;
  /** Kills the first context of a client that comes to this await, when it is come to for this time (from 1). */
  kill?: { point: number; moment: "before" | "after"; time: number };
  /** Tell how often each await was come to. */
  survey?: boolean;
}
export interface Result {
  outcome: Outcome;
  /** Await -> how often a client came to it; when it was asked for. */
  visits: [number, number][];
  /** Whether the kill that was ordered came about. */
  killed: boolean;
}
export type Told = { kind: "setup"; mutations: readonly Mutation[] } | { kind: "job"; id: number; job: Job };
export type Tells = { kind: "ready"; points: readonly string[] } | { kind: "result"; id: number; result: Result };

/** In a third of the worlds a page holds seven events, so that small worlds have histories of several pages. */
const smallPages: Mutation = { file: "extension/store/sync.ts", from: "api.pull(at, limits.page)", to: "api.pull(at, 7)" };

replaceGlobals();
const { hookIndexedDb } = await import("./idb-hooks.ts");
hookIndexedDb();
const { makeCode } = await import("./code.ts");
const { runSeed } = await import("./run-seed.ts");
type Code = Awaited<ReturnType<typeof makeCode>>;
// The code under test warns of each fault that it survives; the trace has it.
console.warn = () => undefined;
// A killed context leaves promises behind that nobody hears any more.
process.on("unhandledRejection", () => undefined);
// A terminal interrupts the whole group: who gives the work says when it ends.
process.on("SIGINT", () => undefined);

const tell = (message: Tells) => process.send?.(message);
let codes: { plain: Code; paged: Code } | null = null;
let last: Promise<void> = Promise.resolve();

process.on("message", (told: Told) => {
  // One after the other: the globals belong to one world at a time.
  last = last.then(async () => {
    if (told.kind === "setup") {
      codes = { plain: await makeCode(told.mutations), paged: await makeCode([...told.mutations, smallPages]) };
      tell({ kind: "ready", points: codes.plain.client.points });
    } else if (codes)
      tell({ kind: "result", id: told.id, result: await run(told.job, told.job.seed % 3 === 0 ? codes.paged : codes.plain) });
  });
  last.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});

async function run({ seed, kill, survey }: Job, code: Code): Promise<Result> {
  const visits = new Map<number, number>();
  let come = 0;
  let killed = false;
  const outcome = await runSeed(seed, code, (_context, point) => {
    if (survey) visits.set(point, (visits.get(point) ?? 0) + 1);
    if (!kill || killed || point !== kill.point || ++come < kill.time) return null;
    killed = true;
    return kill.moment;
  });
  return { outcome, visits: [...visits], killed };
}
