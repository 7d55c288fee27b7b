// Chance that a seed decides: streams of numbers, one a purpose, so that one part's draws do not shift another's.

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, n). */
  int(n: number): number;
  /** A whole number in [low, high]. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** An independent stream of the same seed. */
  fork(purpose: string): Random;
}

/** sfc32, seeded from the text's FNV-1a hash; fast, and the same everywhere. */
export function createRandom(seed: string): Random {
  let a = hashOf(seed);
  let b = hashOf(`${seed}/b`);
  let c = hashOf(`${seed}/c`);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  // The first numbers of similar seeds resemble each other.
  for (let round = 0; round < 15; round++) next();
  const int = (n: number) => Math.floor(next() * n);
  return {
    next,
    int,
    between: (low, high) => low + int(high - low + 1),
    chance: (probability) => next() < probability,
    pick(list) {
      const chosen = list[int(list.length)];
      if (chosen === undefined) throw new Error("Nothing to pick from.");
      return chosen;
    },
    fork: (purpose) => createRandom(`${seed}/${purpose}`),
  };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash | 0;
}
