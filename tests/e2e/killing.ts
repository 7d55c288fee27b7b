// Real kills for the end-to-end tests: how many and by which seed, the background's end, the browser's end, and the comparison with the server.
import { once } from "node:events";
import { expect } from "vitest";
import { until } from "../../scripts/until.ts";
import { createRandom } from "../sim/random.ts";
import type { Bench } from "./lab.ts";
import { pressOptions, storeRows } from "./reviewing.ts";
import type { Team } from "./team.ts";

/** Kills of the background; the browser is killed a fifth as often. `npm run prove -- kills` asks for 100. */
export const kills = Number(process.env.SECTAG_KILLS ?? 10);
export const seed = process.env.SECTAG_SEED ?? String(Date.now() % 1_000_000);
export const randomFor = (purpose: string) => createRandom(`${seed} ${purpose}`);

/** @returns what ends the service worker, whatever it is doing, and tells whether it ran. The next message or alarm starts it anew. */
export async function backgroundKiller(bench: Bench): Promise<() => Promise<boolean>> {
  const session = await bench.console.createCDPSession();
  let status = "";
  let ends = 0;
  session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
    for (const version of versions) {
      if (!version.scriptURL.startsWith(`chrome-extension://${bench.extensionId}/`)) continue;
      status = version.runningStatus;
      if (status === "stopped") ends++;
    }
  });
  await session.send("ServiceWorker.enable");
  return async () => {
    const before = ends;
    if (status === "stopped") return false;
    await session.send("ServiceWorker.stopAllWorkers");
    await until("the end of the background", async () => ends > before);
    return true;
  };
}

/** As a power cut for the browser alone: `kill -9`, waiting for its end. */
export async function killBrowser(bench: Bench): Promise<void> {
  const process = bench.browser.process();
  if (!process) throw new Error("The browser has no process");
  const ended = once(process, "exit");
  process.kill("SIGKILL");
  await ended;
}

/** A decision that was shown as saved: its ticket and when it was made, which is its own to the millisecond. */
export interface ShownSaved {
  key: string;
  at: string;
}

/** Sends what waits, then compares: what was shown as saved, what the browser has, what the server has. @returns counts, which must be zeros, and the rows. */
export async function compareWithServer(bench: Bench, team: Team, shown: readonly ShownSaved[]) {
  await until(
    "an empty outbox",
    async () => {
      await pressOptions(bench, "sync");
      const { outbox, reviews } = await storeRows(bench);
      return outbox.length === 0 && reviews.every(({ seq }) => seq !== null);
    },
    120_000,
  );
  const [{ reviews, dead }, stored] = [await storeRows(bench), await team.stored()];
  const countOn = (rows: readonly { decision: { id: string } }[], id: string) => rows.filter(({ decision }) => decision.id === id).length;
  const rowsOf = ({ key, at }: ShownSaved) =>
    stored.filter(({ decision }) => decision.ticket.key === key && decision.clientTime === at).length;
  const local = new Set(reviews.map(({ id }) => id));
  const found = {
    lost: shown.filter((one) => rowsOf(one) === 0).length,
    doubled: shown.filter((one) => rowsOf(one) > 1).length + stored.filter(({ decision }) => countOn(stored, decision.id) > 1).length,
    onlyHere: reviews.filter(({ id }) => countOn(stored, id) !== 1).length,
    onlyThere: stored.filter(({ decision }) => !local.has(decision.id)).length,
    refused: dead.length,
  };
  expect(shown.length).toBeGreaterThan(0);
  return { found, rows: stored.length };
}

export const zeros = { lost: 0, doubled: 0, onlyHere: 0, onlyThere: 0, refused: 0 };
