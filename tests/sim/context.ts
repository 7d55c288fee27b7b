// A context of a browser (its background) or of the server: it lives, waits at each await for the seed's choice, and can be killed there.
import { Dexie } from "dexie";
import type { Loop } from "./loop.ts";
import type { Gate } from "./runtime.ts";

/** At an await: when what is awaited has begun, or when it is there but not yet taken. */
export type Moment = "before" | "after";

export interface Context {
  readonly name: string;
  readonly dead: boolean;
  /** Run once, in the order of asking, when it is killed. */
  onDeath(run: () => void): void;
  kill(why: string): void;
  /** The same promise, but for whom has died it never settles. */
  alive<T>(promise: Promise<T>): Promise<T>;
}

/** Decides who dies where; asked once at every await. */
export type Doom = (context: Context, point: number) => Moment | null;

export class Killed extends Error {
  override name = "Killed";
}

/** Another one each time: who waits for it, and with it the whole world, is kept by the promise. */
const never = () => new Promise<never>(() => {});
const nothing = () => {};

export function createContext(name: string, loop: Loop): Context {
  let dead = false;
  const last: (() => void)[] = [];
  return {
    name,
    get dead() {
      return dead;
    },
    onDeath(run) {
      last.push(run);
    },
    kill(why) {
      if (dead) return;
      dead = true;
      loop.trace.note(`${name} is killed: ${why}`);
      for (const run of last.splice(0)) run();
    },
    alive: (promise) =>
      new Promise((resolve, reject) =>
        promise.then(
          (value) => (dead ? undefined : resolve(value)),
          (error: unknown) => (dead ? undefined : reject(error)),
        ),
      ),
  };
}

/** The gate that all awaits of a context's code pass. @param points their places, for the trace. */
export function createGate(context: Context, loop: Loop, doom: Doom, points: readonly string[]): Gate {
  return (point, awaited) => {
    loop.trace.mix(point);
    const moment = context.dead ? null : doom(context, point);
    const die = () => context.kill(`${moment} ${points[point]}`);
    if (moment === "before") die();
    if (Dexie.currentTransaction) {
      // A transaction commits when nothing is asked of it: here a point may kill, but not wait. Dexie has to hear of it to clear its zones.
      if (context.dead) {
        Promise.resolve(awaited).catch(nothing);
        return Promise.reject(new Killed(`${context.name} is dead.`));
      }
      if (moment !== "after" || !isThenable(awaited)) return awaited;
      const killed = () => {
        die();
        throw new Killed(`${context.name} is dead.`);
      };
      return awaited.then(killed, killed);
    }
    if (context.dead) {
      Promise.resolve(awaited).catch(nothing);
      return never();
    }
    return new Promise((resolve, reject) => {
      const settle = (go: () => void) => {
        if (context.dead) return;
        loop.ready(() => {
          if (moment === "after") die();
          if (!context.dead) go();
        });
      };
      Promise.resolve(awaited).then(
        (value) => settle(() => resolve(value)),
        (error) => settle(() => reject(error)),
      );
    });
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
