// Keeps a ticket's text read while the page changes: a long text in slices, and what changed meanwhile once more.
import type { PlacedBlock } from "../sites/site.ts";
import type { BlockReader } from "./block-reader.ts";
import { inSlices, longestRestMs, sliceMs, whenIdle } from "./slices.ts";

interface Options {
  reader: BlockReader;
  /** Changes that `read` will be told of, and was not yet; null: anything. */
  pending(): ReadonlySet<Node> | null;
  /** All is read as it stands now; `changed` as `BlockReader.read` says it. May be called before `read` returns. */
  done(changed: boolean): void;
  /** What was told while the text was read is to be read: look where the blocks are now. */
  again(): void;
  failed(error: unknown): void;
}

export interface SteadyReading {
  /** @param targets nodes in or under which something changed; null: anything. */
  read(placed: readonly PlacedBlock[], targets: ReadonlySet<Node> | null): void;
  /** What is being read does not count any more; the next reading is of everything. */
  stop(): void;
}

/** The more often the page changed a text before it was read, the longer are the slices, up to what people do not feel. */
const longestSliceMs = 16;
/** In the end each text counts as it was when it was read, at one go, rather than never; what changed since is read again. */
const mostTorn = 8;

export function readSteadily({ reader, pending, done, again, failed }: Options): SteadyReading {
  let reading: AbortController | null = null;
  /** What changed and was not read since; null: anything. */
  let dirty: ReadonlySet<Node> | null = null;
  /** Readings in a row that the page changed under our eyes. */
  let torn = 0;

  return {
    stop() {
      reading?.abort();
      reading = dirty = null;
      torn = 0;
    },
    read(placed, targets) {
      dirty = union(dirty, targets);
      if (reading) return;
      const changed = dirty;
      dirty = new Set();
      const asItWas = torn >= mostTorn;
      const mine = new AbortController();
      reading = mine;
      let rested = false;
      inSlices(reader.reading(placed, changed, { atOneGo: asItWas }), {
        longest: Math.min(longestSliceMs, sliceMs * 2 ** torn),
        signal: mine.signal,
        failed(error) {
          // What was to be read was not.
          reading = dirty = null;
          failed(error);
        },
        done(read) {
          const result = read.take(rested && !asItWas ? union(dirty, pending()) : new Set());
          torn = result.torn ? torn + 1 : 0;
          if (asItWas) done(result.changed);
          if (dirty === null || dirty.size > 0) return whenIdle(goOn, longestRestMs);
          reading = null;
          if (!result.torn && !asItWas) done(result.changed);
        },
      });
      // A task of its own: with the last slice and the first one of the next reading, a look at the whole page is too long for one.
      const goOn = () => {
        if (mine.signal.aborted) return;
        reading = null;
        again();
      };
      rested = true;
    },
  };
}

function union(a: ReadonlySet<Node> | null, b: ReadonlySet<Node> | null): ReadonlySet<Node> | null {
  return a && b && new Set([...a, ...b]);
}
