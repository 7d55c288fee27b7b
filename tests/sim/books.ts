// What the world knows of each decision: who made it where, what the person was told, and whether a fault destroyed every copy of it.
import type { Browser } from "./browser.ts";
import type { Server } from "./server.ts";

export interface Entry {
  id: string;
  browser: string;
  ticket: string;
  /** The person was shown "saved". */
  saved: boolean;
  /** The person was told that it was not saved, and never the contrary. */
  denied: boolean;
  /** One of the tries had no answer, so that nobody can say what became of it. */
  unsure: boolean;
  /** No copy of it is left anywhere since a fault that no software can help against. */
  destroyed: boolean;
  /** Its row was spoilt on the disk: the server has to refuse it. */
  spoilt: boolean;
}

export interface Books {
  readonly entries: Map<string, Entry>;
  /** Ids that the server said it has, to whomever. */
  readonly acknowledged: ReadonlySet<string>;
  /**
   * Does what may destroy copies, and notes which decisions have none afterwards that had one before.
   * @param helpless whether no software could have kept one: a decision that another copy should have outlived is not excused.
   */
  around(helpless: (entry: Entry) => boolean, destroy: () => Promise<void> | void): Promise<void>;
}

export function createBooks(browsers: readonly Browser[], server: Server, acknowledged: ReadonlySet<string>): Books {
  const entries = new Map<string, Entry>();
  const copies = async (): Promise<Set<string>> =>
    new Set([...(await server.truth()).map(({ id }) => id), ...browsers.flatMap((browser) => copiesIn(browser))]);
  return {
    entries,
    acknowledged,
    async around(helpless, destroy) {
      const before = await copies();
      await destroy();
      const after = await copies();
      for (const entry of entries.values()) if (before.has(entry.id) && !after.has(entry.id) && helpless(entry)) entry.destroyed = true;
    },
  };
}

/** Ids of decisions that this browser could still send. */
function copiesIn(browser: Browser): string[] {
  const { profile } = browser;
  return [
    ...copiesInDatabases(browser),
    ...[...profile.area.keys()].flatMap((key) => (key.startsWith("outbox.") ? [key.slice("outbox.".length)] : [])),
  ];
}

/** Those of them that lie in IndexedDB, where commits are flushed. */
export function copiesInDatabases({ profile }: Browser): string[] {
  return ["outbox", "kept", "dead"].flatMap((table) => profile.rows(table)).flatMap(idOf);
}

export function idOf(row: unknown): string[] {
  return typeof row === "object" && row !== null && "id" in row && typeof row.id === "string" ? [row.id] : [];
}
