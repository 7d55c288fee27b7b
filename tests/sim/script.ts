// What a trouble needs to know of its world, and what all of them do.
import type { Browser } from "./browser.ts";
import type { World } from "./world.ts";

export const minute = 60_000;
export const year = 365 * 24 * 60 * minute;

/** Shared by all troubles of a world. */
export interface Script {
  world: World;
  /** Virtual milliseconds that the bad time lasts. */
  lasts: number;
  /** How probable a kill is at each await; read by the doom of random kills. */
  kills: { client: number; server: number };
  /** Milliseconds between two alarms. */
  alarmEvery: number;
}

export type Trouble = (script: Script) => Promise<void>;

/** Waits for a moment in the bad time. */
export const sometime = ({ world: { loop, random }, lasts }: Script) => loop.sleep(random.int(lasts * 0.8));
export const aBrowser = ({ world: { random, browsers } }: Script): Browser => random.pick(browsers);
/** Of a fault that may destroy a decision's last copy, whatever the software does. */
export const always = () => true;

export function goOnline(world: World, browser: Browser): void {
  world.network.offline.delete(browser.name);
  world.loop.trace.note(`${browser.name} is on line`);
  for (const { handlers } of browser.contexts) handlers.online();
}
