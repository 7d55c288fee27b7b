// What happened in a run, step by step: a running hash that two runs of a seed must share, and the last steps for a reader.

export interface Trace {
  /** One step that a person can read. */
  note(text: string): void;
  /** One choice that only the hash needs to know. */
  mix(value: number): void;
  hash(): string;
  /** The newest steps, oldest first. */
  last(count: number): string[];
  steps(): number;
}

/** Two 32-bit FNV-like lanes; not for security. */
export function createTrace(now: () => number, remember = 400): Trace {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  let steps = 0;
  const ring: string[] = [];
  const mix = (value: number) => {
    low = Math.imul(low ^ value, 0x01000193);
    high = Math.imul(high ^ (value + 0x9e3779b9), 0x85ebca6b);
    high ^= high >>> 13;
  };
  return {
    mix,
    note(words) {
      // The number of a database's context depends on what the process did before.
      const text = words.includes("#context") ? words.replace(/#context \d+/g, "") : words;
      for (let at = 0; at < text.length; at++) mix(text.charCodeAt(at));
      ring[steps % remember] = `${(now() / 1000).toFixed(3).padStart(10)} s  ${text}`;
      steps++;
    },
    hash: () => (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0"),
    last(count) {
      const from = Math.max(0, steps - Math.min(count, remember));
      return Array.from({ length: steps - from }, (_, at) => ring[(from + at) % remember] ?? "");
    },
    steps: () => steps,
  };
}
