// Chromium itself is killed (`kill -9`) during saves, and started again on the same profile: every decision that was shown as saved is there, exactly once.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../scripts/until.ts";
import { severityIds } from "../../shared/labels.ts";
import { type Desk, startDesk } from "../desk/server.ts";
import { compareWithServer, killBrowser, kills, randomFor, type ShownSaved, seed, zeros } from "./killing.ts";
import { type Bench, joinDesk, type Tagged, tiny } from "./lab.ts";
import { arm, keysOf, press, storeRows } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

/** Calls back, as soon as it is reported, with each decision that a page shows as saved. */
async function noteSaved(on: Bench, note: (key: string, at: string) => void): Promise<void> {
  await on.console.exposeFunction("noteSaved", note);
  await on.console.evaluate(() =>
    chrome.storage.session.onChanged.addListener((changes) => {
      for (const { newValue } of Object.values(changes)) {
        const { ticket, review } = (newValue as { report?: Partial<Tagged> })?.report ?? {};
        if (ticket && review?.mine && review.news.code === "saved")
          void (window as unknown as { noteSaved(key: string, at: string): void }).noteSaved(ticket.key, review.mine.at);
      }
    }),
  );
}

const browserKills = Math.max(1, Math.round(kills / 5));
const profile = mkdtempSync(join(tmpdir(), "sectag-killed-"));
let desk: Desk;
let team: Team;
let bench: Bench | null = null;
beforeAll(async () => {
  [desk, team] = await Promise.all([startDesk({ speed: "fast" }), startTeam()]);
});
afterAll(async () => {
  await bench?.close();
  await team?.close();
  await desk?.close();
  rmSync(profile, { recursive: true });
});

test(`${browserKills} kills of the browser during saves lose and double nothing`, { timeout: 60_000 + browserKills * 60_000 }, async () => {
  const random = randomFor("browser");
  const tickets = desk.tickets.filter(({ system }) => system === "jira");
  const shown = new Map<string, ShownSaved>();
  const missing: ShownSaved[] = [];
  /** What was shown as saved and is not on the disk exactly once. */
  const look = async (on: Bench) => {
    const { reviews } = await storeRows(on);
    for (const one of shown.values()) {
      const rows = reviews.filter(({ decision }) => decision.ticket.key === one.key && decision.clientTime === one.at);
      if (rows.length !== 1) missing.push(one);
    }
  };
  for (let round = 0; round < browserKills; round++) {
    const running = await joinDesk(desk, tiny, { profile });
    bench = running;
    if (round === 0) await team.pair(running);
    await look(running);
    const ticket = tickets[round % tickets.length];
    if (!ticket) throw new Error("The desk has no Jira ticket");
    const { page } = await running.open(ticket);
    await arm(running, page, ticket.key);
    await noteSaved(running, (key, at) => shown.set(key + at, { key, at }));
    let over = false;
    const pressing = (async () => {
      for (let at = round; !over; at++) {
        const before = shown.size;
        await press(page, ...keysOf(`phishing_${severityIds[at % severityIds.length]}`));
        // One after the other: while the next one waits already, the page says "saving", not "saved".
        await until("the save", async () => over || shown.size > before);
      }
    })().catch(() => undefined);
    const before = shown.size;
    await until("a decision that is shown as saved", async () => shown.size > before);
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 1_500)));
    await killBrowser(running);
    over = true;
    await pressing;
  }
  bench = await joinDesk(desk, tiny, { profile });
  await look(bench);
  const { found, rows } = await compareWithServer(bench, team, [...shown.values()]);
  console.log(
    JSON.stringify({ proof: "browser", seed, kills: browserKills, shownAsSaved: shown.size, missing: missing.length, rows, ...found }),
  );
  expect(missing).toEqual([]);
  expect(found).toEqual(zeros);
});
