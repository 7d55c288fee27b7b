// How fast a double shows things: a seeded timeline, slow like the real product or fast for tests; read from the page's <meta>.

export interface Pace {
  fast: boolean;
  /** Milliseconds to wait before a part appears; seeded, so the same seed gives the same order. */
  delay(lowMs: number, highMs?: number): number;
}

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Reads `<meta name="desk-speed">` and `<meta name="desk-seed">`; fast means 0-50 ms for every part. */
export function readPace(doc: Document): Pace {
  const meta = (name: string): string => doc.querySelector(`meta[name="${name}"]`)?.getAttribute("content") ?? "";
  const fast = meta("desk-speed") === "fast";
  const random = seededRandom(Number(meta("desk-seed")) || 1);
  return { fast, delay: (low, high = low) => (fast ? random() * 50 : low + random() * (high - low)) };
}

/** Resolves after `ms`, or at once with `false` when the signal is aborted first. */
export function after(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const timer = setTimeout(() => resolve(true), ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
