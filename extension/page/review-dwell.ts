// How long a suggestion was looked at: the time in which its ticket was on the page and the page could be seen.

export interface Dwell {
  /** The ticket is on the page, or has left it. */
  begin(): void;
  end(): void;
  ms(): number;
}

/** The most that a decision can say. */
const most = 1_000_000_000;

export function createDwell(document: Document, now: () => number = () => performance.now()): Dwell {
  let seen = 0;
  let since: number | null = null;
  let watching: AbortController | null = null;
  const count = () => {
    if (since !== null) seen += now() - since;
    since = watching && !document.hidden ? now() : null;
  };
  return {
    begin() {
      watching ??= new AbortController();
      document.addEventListener("visibilitychange", count, { signal: watching.signal });
      count();
    },
    end() {
      watching?.abort();
      watching = null;
      count();
    },
    ms() {
      count();
      return Math.min(most, Math.max(0, Math.round(seen)));
    },
  };
}
