// Judges a world after everything was mended: what was saved is there once, everybody sees the same, nobody is stuck, nobody stormed.
import { z } from "zod";
import { type HistoryEntry, TicketHistory } from "../../shared/review.ts";
import { idOf } from "./books.ts";
import type { Browser } from "./browser.ts";
import type { Attempt } from "./network.ts";
import { ask, short } from "./person.ts";
import type { TruthRow } from "./server.ts";
import type { World } from "./world.ts";

/** Each a sentence a fault. */
export interface Verdict {
  lost: string[];
  doubled: string[];
  stuck: string[];
  diverged: string[];
  /** What makes two runs of a seed differ. */
  nondeterministic: string[];
}

export const innocent = (): Verdict => ({ lost: [], doubled: [], stuck: [], diverged: [], nondeterministic: [] });
export const guilty = (verdict: Verdict): boolean => Object.values(verdict).some((faults: string[]) => faults.length > 0);

const Problem = z.looseObject({ type: z.string(), title: z.string() });
const DeadRow = z.looseObject({ id: z.string(), problem: Problem });

/** Rows of a table in the database that is in use; a damaged one that was left behind does not count. */
function currentRows({ profile }: Browser, table: string): unknown[] {
  const name: unknown = JSON.parse(profile.area.get("reviews.database") ?? '"sectag-reviews"');
  const store = profile.databases.get(String(name))?.rawObjectStores.get(table);
  return store ? [...store.records.values()].map(({ value }) => value) : [];
}

export const pendingIn = (browser: Browser): string[] => currentRows(browser, "outbox").flatMap(idOf);

export async function judge(world: World, verdict: Verdict): Promise<void> {
  const { books, browsers, server } = world;
  const truth = await server.truth();
  const counts = new Map<string, number>();
  for (const { id } of truth) counts.set(id, (counts.get(id) ?? 0) + 1);
  const dead = new Map(
    browsers.map((browser) => [
      browser.name,
      new Set(currentRows(browser, "dead").flatMap((row) => DeadRow.safeParse(row).data?.id ?? [])),
    ]),
  );

  for (const [id, count] of counts) {
    if (count > 1) verdict.doubled.push(`${short(id)} is on the server ${count} times`);
    if (!books.entries.has(id)) verdict.doubled.push(`${short(id)} is on the server, and nobody decided it`);
  }
  for (const { id, browser, saved, denied, unsure, destroyed, spoilt } of books.entries.values()) {
    const buried = dead.get(browser)?.has(id) ?? false;
    if (saved && !destroyed && !counts.has(id) && !buried)
      verdict.lost.push(`${short(id)} was saved in ${browser}, and is neither on the server nor a dead letter`);
    if (buried && !spoilt && !counts.has(id))
      verdict.diverged.push(`${short(id)} is a dead letter in ${browser} without having deserved it`);
    if (buried && counts.has(id)) verdict.diverged.push(`${short(id)} is a dead letter in ${browser}, and on the server`);
    if (denied && !unsure && counts.has(id))
      verdict.diverged.push(`${short(id)} is on the server, and the person was told that it was not saved`);
  }
  for (const id of books.acknowledged) {
    const entry = books.entries.get(id);
    // Spoilt since, and the server restored from before it: then it is a dead letter, as judged above.
    if (!counts.has(id) && !entry?.destroyed && !entry?.spoilt)
      verdict.lost.push(`${short(id)} was acknowledged, and is not on the server`);
  }
  for (const browser of browsers) {
    const pending = pendingIn(browser);
    if (pending.length > 0) verdict.stuck.push(`${pending.length} decisions still wait in ${browser.name}`);
    if (browser.locksWork) verdict.stuck.push(...storms(browser.name, world.network.attempts));
    await compareHistories(world, browser, verdict, truth, dead.get(browser.name) ?? new Set());
  }
}

/** More failed tries than 1.5 a second, in any 20 seconds. */
function storms(name: string, attempts: readonly Attempt[]): string[] {
  const failed = attempts.filter(({ browser, status }) => browser === name && (status === null || status >= 400)).map(({ at }) => at);
  const window = 20_000;
  for (let end = 0, start = 0; end < failed.length; end++) {
    while ((failed[end] ?? 0) - (failed[start] ?? 0) > window) start++;
    if (end - start + 1 > (1.5 * window) / 1000) return [`${name} tried ${end - start + 1} times in 20 s`];
  }
  return [];
}

/** Whoever leads sees all, the others see what is their own and what leads decided; in the order of the server. */
async function compareHistories(
  world: World,
  browser: Browser,
  verdict: Verdict,
  truth: readonly TruthRow[],
  dead: ReadonlySet<string>,
): Promise<void> {
  const { user } = world.accountOf(browser);
  const visible = truth.filter(({ userId, role }) => user.role === "lead" || userId === user.id || role === "lead");
  for (const ticket of world.tickets) {
    const told = TicketHistory.safeParse(await ask(world.loop, browser.background(), "review.history", ticket));
    if (!told.success) {
      verdict.stuck.push(`${browser.name} does not tell the history of ${ticket.ticket.key}`);
      continue;
    }
    const { system, key } = ticket.ticket;
    const expected = visible
      .filter(({ view }) => view.ticket.system === system && view.ticket.key === key)
      .map(({ view, name, userId }) => describe({ ...view, name, mine: userId === user.id, sync: "stored" }));
    const seen = told.data.filter(({ id }) => !dead.has(id)).map((entry) => describe({ ...entry, name: entry.by?.name ?? "?" }));
    // The page is told the newest 200; some of these may be dead letters.
    const [a, b] = [expected.slice(-150).join("\n"), seen.slice(-150).join("\n")];
    if (a !== b) verdict.diverged.push(`${browser.name} sees ${key} otherwise than the server:\nserver:\n${a}\n${browser.name}:\n${b}`);
  }
}

function describe(entry: {
  id: string;
  verdict: string;
  final: Pick<NonNullable<HistoryEntry["final"]>, "threatType" | "severity"> | null;
  name: string;
  mine: boolean;
  sync: string;
}): string {
  const tag = entry.final ? `${entry.final.threatType}_${entry.final.severity}` : "none";
  return `${short(entry.id)} ${entry.verdict} ${tag} by ${entry.name}${entry.mine ? " (mine)" : ""} ${entry.sync}`;
}
