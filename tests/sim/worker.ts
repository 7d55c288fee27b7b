// One process of the simulator: runs the seeds or the kills that it is told, one after another, and sends what came of each.

import { replaceGlobals } from "./globals.ts";
import type { Mutation } from "./instrument.ts";
import type { Outcome } from "./run-seed.ts";

export type Order =
  | { kind: "seeds"; from: number; to: number /** Run each twice and compare the traces, every so many seeds. */; twiceEvery: number }
  /** Kill at each of these awaits of the client, in both moments. */
  | { kind: "kills"; points: number[] };
export interface Job {
  order: Order;
  mutations: readonly Mutation[];
}
export type Message =
  | { kind: "ready"; points: readonly string[] }
  | { kind: "outcome"; outcome: Outcome; deterministic: boolean | null }
  | { kind: "kill"; point: number; moment: "before" | "after"; outcome: Outcome | null }
  | { kind: "done" };

/** The worlds in which kills at single awaits are tried: some for each kind of trouble, since some awaits are come to in trouble only. */
const firstKillSeed = 1_000_001;
const worldsATrouble = 12;
/** Pages of seven events, so that small worlds have histories of several pages. */
const smallPages: Mutation = { file: "extension/store/sync.ts", from: "api.pull(at, limits.page)", to: "api.pull(at, 7)" };

interface Place {
  seed: number;
  only: readonly string[];
}

const send = (message: Message) => process.send?.(message);

replaceGlobals();
const { hookIndexedDb } = await import("./idb-hooks.ts");
hookIndexedDb();
const { makeCode } = await import("./code.ts");
const { runSeed } = await import("./run-seed.ts");
const { troubles } = await import("./chaos.ts");
// The code under test warns of each fault that it survives; the trace has it.
console.warn = () => undefined;
// A killed context leaves promises behind that nobody hears any more.
process.on("unhandledRejection", () => undefined);

process.once("message", async (job: Job) => {
  const code = await makeCode(job.order.kind === "kills" ? [...job.mutations, smallPages] : job.mutations);
  send({ kind: "ready", points: code.client.points });
  if (job.order.kind === "seeds") await seeds(job.order);
  else await kills(job.order.points);
  send({ kind: "done" });
  process.disconnect();

  async function seeds({ from, to, twiceEvery }: Extract<Order, { kind: "seeds" }>) {
    for (let seed = from; seed < to; seed++) {
      const outcome = await runSeed(seed, code);
      const again = twiceEvery > 0 && seed % twiceEvery === 0 ? await runSeed(seed, code) : null;
      send({ kind: "outcome", outcome, deterministic: again && again.hash === outcome.hash });
    }
  }

  async function kills(points: number[]) {
    const firsts = await survey();
    for (const point of points) {
      const world = firsts.get(point);
      if (!world) continue;
      for (const moment of ["before", "after"] as const) send(await killAt(point, world, moment));
    }
  }

  /** For each await the first of these worlds in which a context comes to it. */
  async function survey(): Promise<Map<number, Place>> {
    const firsts = new Map<number, Place>();
    // Quiet worlds first: a kill in them shows what the kill alone does.
    const kinds = [[], ...Object.keys(troubles).map((name) => [name])];
    for (const [index, only] of kinds.entries())
      for (let seed = firstKillSeed + index * worldsATrouble; seed < firstKillSeed + (index + 1) * worldsATrouble; seed++)
        await runSeed(seed, code, {
          only,
          doom: (_context, point) => {
            if (!firsts.has(point)) firsts.set(point, { seed, only });
            return null;
          },
        });
    return firsts;
  }

  /** Kills the first context that comes to this await: until then the world is the same as in the survey. */
  async function killAt(point: number, { seed, only }: Place, moment: "before" | "after"): Promise<Message> {
    let hit = false;
    const outcome = await runSeed(seed, code, {
      only,
      doom: (_context, at) => {
        if (hit || at !== point) return null;
        hit = true;
        return moment;
      },
    });
    return { kind: "kill", point, moment, outcome: hit ? outcome : null };
  }
});
