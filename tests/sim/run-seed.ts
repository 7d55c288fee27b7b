// One seed from beginning to verdict: a bad time full of troubles, then everything is mended, then the checker.

import { type Browser, soundDisk } from "./browser.ts";
import { drawTroubles, makeTroubles } from "./chaos.ts";
import { guilty, innocent, judge, pendingIn, type Verdict } from "./checker.ts";
import type { Doom } from "./context.ts";
import { realSetImmediate } from "./globals.ts";
import { soundNetwork } from "./network.ts";
import { decide } from "./person.ts";
import type { Script } from "./script.ts";
import { type Code, createWorld, type World } from "./world.ts";

export interface Outcome {
  seed: number;
  verdict: Verdict;
  /** Kind -> how often. */
  faults: Record<string, number>;
  hash: string;
  /** The last steps, when something is wrong. */
  trace: string[];
  steps: number;
}

/** @param doom decides on kills of client contexts beside the random ones. */
export async function runSeed(seed: number, code: Code, doom?: Doom): Promise<Outcome> {
  /** Nobody dies while all is being mended. */
  let healthy = false;
  const kills: Script["kills"] = { client: 0, server: 0 };
  const verdict = innocent();
  const world = await createWorld(seed, code, verdict, (random, tally) => {
    const at =
      (who: keyof typeof kills): Doom =>
      () => {
        if (kills[who] === 0 || !random.chance(kills[who])) return null;
        tally.count(`${who} killed at an await`);
        return random.chance(0.5) ? "before" : "after";
      };
    const client = at("client");
    const ordered: Doom = (context, point) => (healthy ? null : (doom?.(context, point) ?? null));
    return { client: (context, point) => ordered(context, point) ?? client(context, point), server: at("server") };
  });
  try {
    await world.loop.drive(async () => {
      await live({ world, kills, lasts: world.size.lasts, alarmEvery: 30_000 });
      healthy = true;
      await heal(world, kills, verdict);
      await judge(world, verdict);
    });
  } catch (error) {
    verdict.stuck.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const { trace } = world.loop;
  world.remove();
  // What the world leaves behind runs out now, without a world: nothing of it may get into the next one.
  await new Promise((resolve) => realSetImmediate(resolve));
  const faults = Object.fromEntries(world.tally.counts);
  return { seed, verdict, faults, hash: trace.hash(), trace: guilty(verdict) ? trace.last(400) : [], steps: trace.steps() };
}

/** The bad time: people decide, alarms ring, the server is started again when it died, and the troubles of the seed happen. */
async function live(script: Script): Promise<void> {
  const { world, lasts } = script;
  const { loop, random, browsers } = world;
  const chosen = drawTroubles(random);
  loop.trace.note(`Seed ${world.seed}: ${chosen.join(", ") || "no trouble"}`);
  let over = false;
  await world.server.start();
  const people = browsers.map(async (browser) => {
    const connectAt = random.chance(0.2) ? random.int(lasts) : 0;
    loop.after(connectAt, () => world.connect(browser));
    browser.background();
    for (let left = random.between(...world.size.decisions) + (browser.name === "A" ? 1 : 0); left > 0; left--) {
      await loop.sleep(random.int(lasts / 4));
      await decide(world, browser, random.pick(world.tickets));
    }
  });
  const alarms = browsers.map(async (browser) => {
    for (;;) {
      await loop.sleep(script.alarmEvery);
      if (over) return;
      ring(browser);
    }
  });
  const supervisor = (async () => {
    while (!over) {
      await loop.sleep(random.between(500, 20_000));
      if (!world.server.running) await world.server.start();
    }
  })();
  await Promise.all([...people, makeTroubles(script, chosen)]);
  over = true;
  await Promise.all([...alarms, supervisor]);
}

function ring(browser: Browser): void {
  for (const name of browser.alarms.keys()) browser.background().handlers.alarm(name);
}

/** Nothing fails any more; then all sync until nothing moves. */
async function heal(world: World, kills: Script["kills"], verdict: Verdict): Promise<void> {
  const { loop, network, server, browsers } = world;
  loop.trace.note("Everything is mended");
  kills.client = 0;
  kills.server = 0;
  Object.assign(network.dials, soundNetwork);
  network.offline.clear();
  server.clockOffset = 0;
  for (let tries = 0; !server.running; tries++) {
    if (tries === 30) throw new Error("The server does not start any more.");
    await loop.sleep(10_000);
    await server.start();
  }
  for (const browser of browsers) {
    Object.assign(browser.dials, soundDisk);
    browser.putsWithoutSpace = 0;
    browser.clockOffset = 0;
    await server.welcome(world.accountOf(browser));
    browser.background();
    world.connect(browser);
  }
  const rounds = 60;
  for (let round = 1; round <= rounds; round++) {
    const seen = network.attempts.length;
    browsers.forEach(ring);
    await loop.sleep(5 * 60_000);
    const tried = network.attempts.slice(seen);
    const all = browsers.every(({ name }) => tried.some((attempt) => attempt.browser === name));
    const fine = tried.every(({ status, method }) => status === 200 && method === "GET");
    const still = browsers.every((browser) => pendingIn(browser).length === 0);
    if (all && fine && still) return;
  }
  verdict.stuck.push(`No quiet after ${rounds * 5} minutes of health`);
}
