// From the key to the database: decisions reach the real API over HTTP through a day without it, two restarts, a restore and a revoked key; none is lost, none doubled.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardText, openCard } from "../../scripts/card.ts";
import { until } from "../../scripts/until.ts";
import { type Desk, startDesk } from "../desk/server.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import { type Bench, joinDesk, tiny } from "./lab.ts";
import { arm, keysOf, openSurface, press, pressOptions, rewrite, says, storeRows, waitReview } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

const profiles = mkdtempSync(join(tmpdir(), "sectag-profiles-"));
let desk: Desk;
let team: Team;
let bench: Bench;
beforeAll(async () => {
  desk = await startDesk({ speed: "fast" });
  team = await startTeam();
  bench = await joinDesk(desk, tiny, { profile: join(profiles, "first") });
});
afterAll(async () => {
  await bench?.close();
  await team?.close();
  await desk?.close();
  rmSync(profiles, { recursive: true });
});

const ticketAt = (index: number): DeskTicket => {
  const ticket = desk.tickets.filter(({ system }) => system === "jira")[index];
  if (!ticket) throw new Error("The desk has not so many tickets");
  return ticket;
};

/** Says by keyboard what the ticket is, and waits until that is saved; null takes back what was said last. */
async function decide(ticket: DeskTicket, tag: string | null): Promise<void> {
  const { page } = await bench.open(ticket);
  await arm(bench, page, ticket.key);
  if (tag === null) {
    const { undoable } = await waitReview(bench, ticket.key, ({ undoable }) => undoable > 0);
    await press(page, "u");
    await waitReview(bench, ticket.key, (review) => review.undoable === undoable - 1 && review.news.code === "undone");
  } else {
    await press(page, ...keysOf(tag));
    await waitReview(bench, ticket.key, says(tag));
  }
  await page.close();
}

const ids = (rows: readonly { decision: { id: string } }[]) => rows.map(({ decision }) => decision.id).sort();
const mine = async (on: Bench) => (await storeRows(on)).reviews.filter(({ local }) => local);
const badge = () => bench.console.evaluate(() => chrome.action.getBadgeText({}));
/** Presses "send now" in the options, as often as it takes: a round may be under way that began before. */
async function syncAll(on = bench): Promise<void> {
  await until("an empty outbox", async () => {
    await pressOptions(on, "sync");
    const { outbox, reviews } = await storeRows(on);
    return outbox.length === 0 && reviews.every(({ seq }) => seq !== null);
  });
}
/** Closed as a person does, then the same profile again, hours later by the background's clock. */
async function restart(hours: number): Promise<void> {
  await bench.close();
  bench = await joinDesk(desk, tiny, { profile: join(profiles, "first") });
  const target = await bench.browser.waitForTarget((one) => one.type() === "service_worker");
  const worker = await target.worker();
  await worker?.evaluate((ms) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + ms;
  }, hours * 3_600_000);
}

test("before pairing decisions stay here; a pasted link pairs, and what was decided before goes out", async () => {
  await decide(ticketAt(0), "phishing_high");
  expect((await waitReviewOf(ticketAt(0))).mine?.sync).toBe("local");
  await team.pair(bench);
  await until("the decision on the server", async () => (await team.stored()).length === 1);
  expect(ids(await team.stored())).toEqual(ids(await mine(bench)));
});

/** Opens the ticket, reads its review, and closes it again. */
async function waitReviewOf(ticket: DeskTicket, wanted?: Parameters<typeof waitReview>[2]) {
  const { page } = await bench.open(ticket);
  const review = await waitReview(bench, ticket.key, wanted);
  await page.close();
  return review;
}

test("a decision, a correction and an undo arrive, and the card says that the server has them", async () => {
  await decide(ticketAt(1), "phishing_low");
  await decide(ticketAt(1), "phishing_high");
  await decide(ticketAt(1), null);
  const review = await waitReviewOf(ticketAt(1), ({ mine }) => mine?.sync === "stored");
  expect(review.mine?.tag).toEqual({ threatType: "phishing", severity: "low" });
  expect((await team.stored()).map(({ decision }) => decision.verdict)).toEqual(["correct", "correct", "correct", "undo"]);
});

test("a day without the server, with two restarts of the browser: nothing is lost, nothing doubled, a second browser sees it", async () => {
  const before = (await team.stored()).length;
  await team.api.stop();
  await decide(ticketAt(2), "malware_high");
  await decide(ticketAt(0), "malware_low");
  await until("the badge", async () => (await badge()) === "↑2");
  await restart(9);
  expect((await waitReviewOf(ticketAt(2), says("malware_high"))).mine?.sync).toBe("pending");
  await decide(ticketAt(3), "ransomware_critical");
  await decide(ticketAt(2), null);
  await restart(24);
  await decide(ticketAt(4), "phishing_medium");
  await decide(ticketAt(3), "ransomware_high");
  expect((await storeRows(bench)).outbox).toHaveLength(6);
  await team.api.restart();
  await syncAll();
  const stored = await team.stored();
  expect(ids(stored)).toEqual(ids(await mine(bench)));
  expect(new Set(ids(stored)).size).toBe(before + 6);
  await until("the badge without a number", async () => (await badge()) === "");

  const second = await joinDesk(desk, tiny, { profile: join(profiles, "second") });
  try {
    await team.pair(second);
    await until("the history in the second browser", async () => (await storeRows(second)).reviews.length === stored.length);
    const { page } = await second.open(ticketAt(3));
    const { mine } = await waitReview(second, ticketAt(3).key, says("ransomware_high"));
    expect(mine?.sync).toBe("stored");
    await page.close();
    expect(ids((await storeRows(second)).reviews)).toEqual(ids(stored));
  } finally {
    await second.close();
  }
});

test("a lead's ruling arrives in the card", async () => {
  const about = (await team.stored()).find(({ decision }) => decision.ticket.key === ticketAt(4).key);
  if (!about) throw new Error("The server has no decision about the ticket");
  await team.rule(about.decision, { threatType: "intrusion", severity: "critical" });
  const { page } = await bench.open(ticketAt(4));
  await pressOptions(bench, "sync");
  const { ruling, mine } = await waitReview(bench, ticketAt(4).key, (review) => review.ruling !== null);
  expect(ruling).toMatchObject({ tag: { threatType: "intrusion", severity: "critical" }, name: "Lea" });
  expect(mine?.tag.threatType).toBe("phishing");
  await page.bringToFront();
  await openCard(page);
  await until("the ruling in the card", async () => (await cardText(page, ".ruling")).includes("intrusion_critical"));
  await page.close();
});

test("what the trainer holds back waits in a lead's side panel with its reason and what was said, and is gone when the lead has ruled", async () => {
  const [held, other] = [ticketAt(2), ticketAt(3)];
  const waits = (key: string, reason: "disputed" | "alone") => ({ ticket: { system: "jira-cloud", key }, reason }) as const;
  await team.hold({ tickets: [waits(other.key, "alone"), waits(held.key, "disputed")], more: 0 });
  const lead = await joinDesk(desk, tiny, { profile: join(profiles, "lead") });
  try {
    await team.pair(lead, undefined, "lead");
    const { page } = await lead.open(held);
    await arm(lead, page, held.key);
    const panel = await openSurface(lead, "sidepanel", held.key);
    const queues = () => panel.$$eval("details.queue", (lists) => lists.map(({ textContent }) => textContent).join("\n"));
    await until("both tickets", async () => (await queues()).includes("2 tickets wait for your ruling"));
    const lonely = `${other.key}ransomware_high (1)one person alone changed a sure or critical suggestion`;
    await until("what was said of the one", async () => (await queues()).includes(lonely));
    expect(await queues()).toMatch(new RegExp(`${held.key}.*reviewers disagree`));
    await page.bringToFront();
    await press(page, ...keysOf("intrusion_high"));
    await waitReview(lead, held.key, says("intrusion_high"));
    await until("the other ticket alone", async () => (await queues()).includes("1 ticket waits for your ruling"));
    expect(await queues()).not.toContain("reviewers disagree");
  } finally {
    await lead.close();
  }
});

test("the server is restored from an older backup: what it lacks is sent again, and stands there once", async () => {
  const backup = join(team.folder, "yesterday.db");
  await team.api.command("backup", backup);
  await decide(ticketAt(5), "phishing_low");
  await decide(ticketAt(5), "phishing_medium");
  await syncAll();
  const before = ids(await team.stored());
  await team.api.stop();
  await team.api.command("restore", backup);
  await team.api.restart();
  expect((await team.stored()).length).toBe(before.length - 2);
  await until(
    "everything on the restored server",
    async () => {
      await syncAll();
      return (await team.stored()).length >= before.length;
    },
    20_000,
  );
  expect(ids(await team.stored())).toEqual(before);
});

test("what the server refuses is shown in the options and blocks nothing; mended, it is sent by the button", async () => {
  await team.api.stop();
  await decide(ticketAt(7), "malware_low");
  await rewrite(bench, "outbox", { labelsVersion: 0 });
  await team.api.restart();
  await decide(ticketAt(8), "malware_medium");
  await until("the decision behind it", async () => (await team.stored()).some(({ decision }) => decision.ticket.key === ticketAt(8).key));
  expect((await waitReviewOf(ticketAt(7), ({ mine }) => mine?.sync === "rejected")).mine?.tag.threatType).toBe("malware");
  const shown = await bench.console.$eval(".dead", (row) => row.textContent ?? "");
  expect(shown).toContain(ticketAt(7).key);
  expect(shown).toContain("labelsVersion");

  const { dead } = await storeRows(bench);
  await rewrite(bench, "dead", { labelsVersion: 1 });
  await bench.console.bringToFront();
  await bench.console.click(".dead .row button");
  await until("the mended decision", async () => ids(await team.stored()).includes(dead[0]?.id ?? ""));
  await bench.console.waitForSelector(".dead", { hidden: true });
});

test("a revoked key: badge and options say so, nothing is lost, and a new link resumes", async () => {
  const keys = (await team.api.command("keys")).split("\n").filter((line) => line.includes("Ana (analyst)"));
  expect(keys).toHaveLength(2);
  for (const line of keys) await team.api.command("keys", "revoke", line.trim().split(" ")[0] ?? "");
  await decide(ticketAt(6), "phishing_high");
  await until("the badge", async () => (await badge()) === "↑1");
  await until("the words in the options", () =>
    bench.console.$eval("section[aria-labelledby=sync]", (section) => section.textContent?.includes("revoked")),
  );
  expect((await waitReviewOf(ticketAt(6), says("phishing_high"))).mine?.sync).toBe("pending");
  await pressOptions(bench, "connection");
  await bench.console.waitForSelector("form.pair");
  await team.pair(bench);
  await until("the decision on the server", async () =>
    (await team.stored()).some(({ decision }) => decision.ticket.key === ticketAt(6).key),
  );
  await syncAll();
  // The lead's two rulings are what was not made here.
  expect(ids(await team.stored())).toEqual(ids((await storeRows(bench)).reviews));
  expect((await storeRows(bench)).reviews.filter(({ local }) => !local)).toHaveLength(2);
});
