// The background is killed at random points of saves and syncs with the real API: whatever was shown as saved is on the server exactly once.
import { afterAll, beforeAll, expect, test } from "vitest";
import { severityIds } from "../../shared/labels.ts";
import { type Gate, type Moment, openGate } from "./gate.ts";
import { backgroundKiller, compareWithServer, kills, randomFor, type ShownSaved, seed, zeros } from "./killing.ts";
import { type Bench, startBench, tiny } from "./lab.ts";
import { arm, keysOf, press, says, waitReview } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

let bench: Bench;
let team: Team;
let gate: Gate;
beforeAll(async () => {
  [bench, team] = await Promise.all([startBench(tiny), startTeam()]);
  gate = await openGate(team.api.baseUrl);
  await team.pair(bench, gate.baseUrl);
});
afterAll(async () => {
  await bench?.close();
  await gate?.close();
  await team?.close();
});

/** Decisions about one ticket before the next is taken: histories stay as long as they are in life. */
const perTicket = 8;
const points = ["saving", "arrived", "answered", "noting"] as const;

test(`${kills} kills of the background lose and double nothing`, { timeout: 60_000 + kills * 20_000 }, async () => {
  const random = randomFor("background");
  const tickets = bench.desk.tickets.filter(({ system }) => system === "jira");
  const shown: ShownSaved[] = [];
  const done: Record<string, number> = {};
  let opened: Awaited<ReturnType<typeof bench.open>> | null = null;
  const killBackground = await backgroundKiller(bench);
  let killed = 0;
  for (let round = 0; killed < kills; round++) {
    const ticket = tickets[Math.floor(round / perTicket) % tickets.length];
    if (!ticket) throw new Error("The desk has no Jira ticket");
    if (round % perTicket === 0) {
      await opened?.page.close();
      opened = await bench.open(ticket);
      await arm(bench, opened.page, ticket.key);
    }
    if (!opened) throw new Error("No ticket is open");
    const point = random.pick(points);
    const ms = random.between(0, 60);
    const over = new Promise<boolean>((resolve, reject) => {
      const kill = () => killBackground().then(resolve, reject);
      const later = () => void setTimeout(kill, ms);
      const at = (moment: Moment, act: () => void) => {
        gate.atPush = async (now) => {
          if (now !== moment) return;
          gate.atPush = null;
          act();
          // Before the request goes on, or the answer back, the one who asked is gone.
          if (point !== "noting") await over.catch(() => undefined);
        };
      };
      if (point === "saving") later();
      else if (point === "noting") at("answered", later);
      else at(point, kill);
    });
    // Another severity each time: the same again would not be a decision.
    const tag = `phishing_${severityIds[round % severityIds.length]}`;
    await press(opened.page, ...keysOf(tag));
    const ran = await over;
    const { mine } = await waitReview(bench, ticket.key, says(tag), 40_000);
    if (mine) shown.push({ key: ticket.key, at: mine.at });
    if (!ran) continue;
    killed++;
    done[point] = (done[point] ?? 0) + 1;
  }
  await opened?.page.close();
  const { found, rows } = await compareWithServer(bench, team, shown);
  const sent = gate.bodies
    .filter((body) => body.includes('"events"'))
    .flatMap((body) => body.match(/"kind":"decision","id":"[^"]+"/g) ?? []);
  console.log(
    JSON.stringify({
      proof: "background",
      seed,
      kills,
      at: done,
      decisions: shown.length,
      rows,
      sentTwice: sent.length - new Set(sent).size,
      ...found,
    }),
  );
  expect(found).toEqual(zeros);
});
