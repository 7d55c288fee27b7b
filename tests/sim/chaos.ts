// All kinds of trouble by name; a seed draws some of them for its world.
import type { Random } from "./random.ts";
import type { Script } from "./script.ts";
import { browserTroubles } from "./troubles-browser.ts";
import { outsideTroubles } from "./troubles-outside.ts";

const troubles = { ...outsideTroubles, ...browserTroubles };

/** These take as long as a hundred others. */
const rare = new Set(["tabs", "backlog"]);

export function drawTroubles(random: Random): string[] {
  return Object.keys(troubles).filter((name) => random.chance(rare.has(name) ? 0.003 : 0.16));
}

export async function makeTroubles(script: Script, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => troubles[name]?.(script)));
}
