// Asks the background until it answers: it may be asleep, starting, or killed at any moment, and asking twice is harmless.

interface Patience {
  /** How long one try may take, and the waits between tries; milliseconds. */
  timeoutMs?: number;
  waits?: readonly number[];
}

/**
 * The first answer that `read` understands, of whichever try: one that comes late is as good.
 * @throws what the last try failed with, when all have.
 */
export function insist<T>(
  ask: () => Promise<unknown>,
  read: (answer: unknown) => T,
  { timeoutMs = 4000, waits = [200, 800, 2000] }: Patience = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const attempt = (number: number) => {
      let over = false;
      const failed = (error: unknown) => {
        if (over || answered) return;
        over = true;
        clearTimeout(timer);
        const wait = waits[number];
        if (wait === undefined) reject(error);
        else setTimeout(() => answered || attempt(number + 1), wait);
      };
      const timer = setTimeout(() => failed(new Error("SecTag's background does not answer.")), timeoutMs);
      ask()
        .then(read)
        .then((answer) => {
          answered = true;
          clearTimeout(timer);
          resolve(answer);
        }, failed);
    };
    attempt(0);
  });
}
