// The world's only clock and task queue: one step after another, which one is next is the seed's choice, and time passes only when all wait.
import { realSetImmediate } from "./globals.ts";
import type { Random } from "./random.ts";
import { createTrace, type Trace } from "./trace.ts";

export interface Timer {
  at: number;
  order: number;
  run: (() => void) | null;
}

export interface Loop {
  /** Virtual milliseconds since the world began. */
  now(): number;
  /** Runs in the order of asking (IndexedDB relies on it). */
  task(run: () => void): void;
  /** Runs at any time against all others that are ready. */
  ready(run: () => void): void;
  after(ms: number, run: () => void): Timer;
  sleep(ms: number): Promise<void>;
  readonly trace: Trace;
  /**
   * Runs the world until `main` has settled, in one go: no real task of Node comes between.
   * @throws Error when nothing can happen any more, or no end comes.
   */
  drive<T>(main: () => Promise<T>): Promise<T>;
}

/** Steps after which a run is taken for endless. */
const mostSteps = 3_000_000;

// Runs all microtasks that wait. Only from a task of its own, not from a microtask: V8 would not do it then.
const drainMicrotasks: unknown = Reflect.get(process, "_tickCallback");
const drain = () => {
  if (typeof drainMicrotasks !== "function") throw new Error("This Node cannot run its microtasks on demand.");
  drainMicrotasks.call(process);
};

/** @param patience how often an ordered task comes before one of those that are ready, in [0, 1]. */
export function createLoop(random: Random, patience: number): Loop {
  let now = 0;
  let order = 0;
  let tasks: (() => void)[] = [];
  let taskAt = 0;
  const readies: (() => void)[] = [];
  const timers: Timer[] = [];
  const trace = createTrace(() => now);

  const nextReady = (): (() => void) | undefined => {
    const at = readies.length === 1 ? 0 : random.int(readies.length);
    trace.mix(at);
    const chosen = readies[at];
    const last = readies.pop();
    if (last && at < readies.length) readies[at] = last;
    return chosen;
  };
  const nextTask = (): (() => void) | undefined => {
    const chosen = tasks[taskAt++];
    if (taskAt > 1000) {
      tasks = tasks.slice(taskAt);
      taskAt = 0;
    }
    return chosen;
  };
  const next = (): (() => void) | undefined => {
    const waiting = taskAt < tasks.length;
    if (readies.length > 0 && !(waiting && random.next() < patience)) return nextReady();
    if (waiting) return nextTask();
    const timer = timers.shift();
    if (!timer) return undefined;
    now = Math.max(now, timer.at);
    const { run } = timer;
    timer.run = null;
    return run ?? (() => {});
  };

  const loop: Loop = {
    now: () => now,
    trace,
    task(run) {
      tasks.push(run);
    },
    ready(run) {
      readies.push(run);
    },
    after(ms, run) {
      const timer = { at: now + Math.max(0, Number.isFinite(ms) ? ms : 0), order: order++, run };
      let at = timers.length;
      while (at > 0 && (timers[at - 1]?.at ?? 0) > timer.at) at--;
      timers.splice(at, 0, timer);
      return timer;
    },
    sleep: (ms) => new Promise((resolve) => loop.after(ms, resolve)),
    drive: (main) =>
      new Promise((resolve, reject) => {
        realSetImmediate(() => {
          try {
            let settled = false;
            main()
              .then(resolve, reject)
              .finally(() => {
                settled = true;
              });
            drain();
            for (let steps = 0; !settled; steps++) {
              if (steps > mostSteps) throw new Error("Stuck: no end comes.");
              const run = next();
              if (!run) throw new Error("Stuck: nothing can happen any more, and the run has not ended.");
              run();
              drain();
            }
          } catch (error) {
            reject(error);
          }
        });
      }),
  };
  return loop;
}
