// Does long work on a page in slices, so that the page stays quick.

/** A slice, in milliseconds: half a frame. */
export const sliceMs = 8;
/** A page that is never idle waits for us no longer than we for it. */
export const longestRestMs = 100;

interface Options<T> {
  /** Longest slice. */
  longest?: number;
  signal: AbortSignal;
  /** May be called before `inSlices` returns: work that fits into one slice is done at once. */
  done(value: T): void;
  failed(error: unknown): void;
}

/** The first slice runs now, the others when the page has nothing to do; ends with `signal`, without a word. */
export function inSlices<T>(work: Generator<void, T>, { longest = sliceMs, signal, done, failed }: Options<T>): void {
  const run = () => {
    if (signal.aborted) return;
    const end = performance.now() + longest;
    try {
      for (;;) {
        const { done: isDone, value } = work.next();
        if (isDone) return done(value);
        if (performance.now() >= end) return whenIdle(run, longestRestMs);
      }
    } catch (error) {
      failed(error);
    }
  };
  run();
}

/** Calls back when the page has nothing to do, or after `longest` milliseconds. */
export function whenIdle(run: () => void, longest: number): void {
  // jsdom has no idle time.
  if ("requestIdleCallback" in globalThis) requestIdleCallback(run, { timeout: longest });
  else setTimeout(run);
}
