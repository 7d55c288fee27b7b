// What leaves the machine: the preview's decision, byte for byte as the inspector and the server have it, redacted, without restricted texts.
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardText, inCard, openCard, pressInCard } from "../../scripts/card.ts";
import { until } from "../../scripts/until.ts";
import { Decision } from "../../shared/decisions.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import { type Gate, openGate } from "./gate.ts";
import { type Bench, bare, startBench, step, tiny } from "./lab.ts";
import { arm, keysOf, press, says, storeRows, waitReview } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

let bench: Bench;
let team: Team;
let gate: Gate;
beforeAll(async () => {
  [bench, team] = await Promise.all([startBench(tiny), startTeam()]);
  gate = await openGate(team.api.baseUrl);
});
afterAll(async () => {
  await bench?.close();
  await gate?.close();
  await team?.close();
});

const emails = (text: string) => text.match(/[\w.+-]+@[\w-]+(\.[\w-]+)+/g) ?? [];
const shown = ({ title, description, comments }: DeskTicket) => [title, description, ...comments.map(({ text }) => text)].join("\n");
const withEmails = () => bench.desk.tickets.filter((ticket) => ticket.system === "jira" && emails(shown(ticket)).length > 0);
const withNotes = () => bench.desk.tickets.filter(({ comments }) => comments.some(({ kind }) => kind === "work note"));

/** Opens the ticket and reads all of it, comments included. */
async function openWhole(ticket: DeskTicket) {
  const opened = await bench.open(ticket);
  if (ticket.system === "jira") await step(opened.frame, "read-all");
  await bench.waitFor(
    ticket.key,
    (report) => report.state === "tagged" && report.suggestion.blocks.length === 2 + ticket.comments.length && report.review !== null,
  );
  await arm(bench, opened.page, ticket.key);
  return opened;
}

test("before a server is connected the card shows what would leave, and nothing does", async () => {
  const [ticket] = withEmails();
  if (!ticket) throw new Error("No ticket has an address");
  const { page } = await openWhole(ticket);
  await press(page, ...keysOf("phishing_high"));
  await waitReview(bench, ticket.key, says("phishing_high"));
  expect((await storeRows(bench)).sent).toEqual([]);
  expect(gate.bodies).toEqual([]);
  await page.close();
});

test("the preview is what leaves: the same texts, redacted, and the inspector has the body to the byte", async () => {
  await team.pair(bench, gate.baseUrl);
  const [, ticket = withEmails()[0]] = withEmails();
  if (!ticket) throw new Error("No ticket has an address");
  const { page } = await openWhole(ticket);
  await press(page, ...keysOf("phishing_low"));
  await waitReview(bench, ticket.key, says("phishing_low"));
  await openCard(page);
  await pressInCard(page, { selector: ".preview .disclosure" });
  await until("the preview", async () => (await cardText(page, ".preview .json")) !== "");
  const preview = Decision.parse(JSON.parse(await cardText(page, ".preview .json")));
  await waitReview(bench, ticket.key, ({ mine }) => mine?.sync === "stored");

  const stored = (await team.stored()).find(({ decision }) => decision.ticket.key === ticket.key)?.decision;
  expect(stored?.blocks).toEqual(preview.blocks);
  expect(stored?.omitted).toEqual(preview.omitted);
  expect([stored?.verdict, stored?.final]).toEqual([preview.verdict, preview.final]);
  expect(stored?.ticket).toEqual(preview.ticket);
  expect(preview.blocks.some(({ text }) => /\[(email|user)\]/.test(text))).toBe(true);

  const pushed = gate.bodies.filter((body) => body.includes('"events"'));
  const rows = (await storeRows(bench)).sent;
  expect(rows.map(({ body }) => body)).toEqual(pushed);
  expect(rows.every(({ status, url }) => status === 200 && url === `${gate.baseUrl}/v1/events`)).toBe(true);
  await bench.console.bringToFront();
  const inspected = await until("the inspector", () =>
    bench.console.$$eval("section[aria-labelledby=payloads] .json", (all) => all.map((one) => one.textContent ?? "")),
  );
  expect(inspected.map((text) => JSON.parse(text))).toEqual(pushed.map((body) => JSON.parse(body)).reverse());
  await page.close();
});

test("internal comments and work notes stay on the machine, on both systems, and no body has an address of a ticket", async () => {
  const tickets = (["jira", "servicenow"] as const).flatMap((system) =>
    withNotes()
      .filter((one) => one.system === system)
      .slice(0, 2),
  );
  for (const ticket of tickets) {
    const { page, frame } = await openWhole(ticket);
    if (ticket.system === "servicenow") await frame.click(".navbar-title");
    await press(page, ...keysOf("ransomware_medium"));
    await waitReview(bench, ticket.key, says("ransomware_medium"));
    await page.close();
  }
  await until("all of them on the server", async () => {
    const keys = (await team.stored()).map(({ decision }) => decision.ticket.key);
    return tickets.every(({ key }) => keys.includes(key));
  });
  const stored = await team.stored();
  for (const ticket of tickets) {
    const decision = stored.find((row) => row.decision.ticket.key === ticket.key)?.decision;
    const notes = ticket.comments.filter(({ kind }) => kind === "work note");
    expect(decision?.omitted.blocks, ticket.key).toBe(notes.length);
    expect(decision?.blocks, ticket.key).toHaveLength(2 + ticket.comments.length - notes.length);
  }
  const left = bare(gate.bodies.join("\n").replaceAll("\\n", "\n"));
  for (const { comments } of tickets)
    for (const { kind, text } of comments)
      if (kind === "work note") expect(left).not.toContain(bare(text.split("\n")[0] ?? text).slice(0, 60));
  const addresses = bench.desk.tickets.flatMap((ticket) => emails(shown(ticket)));
  expect(addresses.length).toBeGreaterThan(5);
  expect(addresses.filter((address) => left.includes(address))).toEqual([]);
});

test("the card says how many texts stay here", async () => {
  const [ticket] = withNotes();
  if (!ticket) throw new Error("No ticket has a work note");
  const { page } = await openWhole(ticket);
  await openCard(page);
  await pressInCard(page, { selector: ".preview .disclosure" });
  await until("the preview", async () => (await cardText(page, ".preview .json")) !== "");
  const notes = ticket.comments.filter(({ kind }) => kind === "work note");
  const quiet = await inCard(page, (root) => [...root.querySelectorAll(".preview .quiet")].map((one) => one.textContent ?? ""));
  expect(quiet?.some((text) => text.includes(String(notes.length)))).toBe(true);
  await page.close();
});
