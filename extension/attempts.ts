// What presses on a page of the extension began: why the last one failed, for whoever draws the page.

/** @param changed another failure is to be shown, or none any more. */
export function createAttempts(changed: () => void): { attempt(work: Promise<unknown>): void; failure(): string } {
  let failure = "";
  const show = (words: string) => {
    failure = words;
    changed();
  };
  return {
    attempt(work) {
      show("");
      work.catch((error: unknown) => show(error instanceof Error ? error.message : String(error)));
    },
    failure: () => failure,
  };
}
