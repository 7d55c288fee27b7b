// Waits for a state, never for a time: asks until there is an answer.

/** Asks until there is an answer. @throws Error naming what was waited for. */
export async function until<T>(what: string, ask: () => Promise<T | null | undefined | false>, timeoutMs = 20_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
