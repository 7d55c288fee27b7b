// The main job with the shipped model: right tag, and exactly the right words painted, on both systems.
import { afterAll, beforeAll, expect, test } from "vitest";
import { chipText } from "../../shared/words.ts";
import { type Bench, bare, foreignWrites, paintedEquals, quotes, shipped, startBench, step } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(shipped);
});
afterAll(() => bench?.close());

test("Jira Cloud: the parcel mail is phishing, its address and URL glow, and nothing else is painted than what was found", async () => {
  const ticket = bench.ticket("SEC-201");
  const { page, frame } = await bench.open(ticket);
  await step(frame, "read-all");
  const report = await bench.waitFor(
    ticket.key,
    (found) => found.state === "tagged" && found.suggestion.blocks.length === 2 + ticket.comments.length,
  );
  if (report.state !== "tagged") throw new Error("not tagged");
  expect(report.suggestion.threatType).toBe("phishing");
  expect(chipText(report.suggestion)).toMatch(/^phishing_(medium|high) · (possible|likely|very likely) \d+ %$/);
  for (const highlight of ticket.highlights) expect(quotes(report.suggestion)).toContain(bare(highlight));
  await paintedEquals(frame, async () => (await bench.tagged(ticket.key)).suggestion);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("ServiceNow: the encrypted share is ransomware_critical, found through the frame, painted in the activity list", async () => {
  const ticket = bench.ticket("INC0010021");
  const { page, frame } = await bench.open(ticket);
  const report = await bench.waitFor(
    ticket.key,
    (found) => found.state === "tagged" && found.suggestion.blocks.length === 2 + ticket.comments.length,
  );
  if (report.state !== "tagged") throw new Error("not tagged");
  expect(report.suggestion.threatType).toBe("ransomware");
  expect(report.suggestion.severity).toBe("critical");
  for (const highlight of ticket.highlights) expect(quotes(report.suggestion)).toContain(bare(highlight));
  await paintedEquals(frame, async () => (await bench.tagged(ticket.key)).suggestion, { unpaintable: ["title", "description"] });
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("the whole queue: every ticket is read, every indicator that the tickets name is found, and most types are right", async () => {
  const wrong: string[] = [];
  for (const ticket of bench.desk.tickets) {
    const { page, frame } = await bench.open(ticket);
    if (ticket.system === "jira") await step(frame, "read-all");
    const wanted = ticket.highlights.map(bare);
    const report = await bench.waitFor(
      ticket.key,
      (found) => found.state === "tagged" && wanted.every((one) => quotes(found.suggestion).includes(one)),
      60_000,
    );
    if (report.state === "tagged" && report.suggestion.threatType !== ticket.expect.threatType) {
      wrong.push(`${ticket.key}: ${chipText(report.suggestion)}, expected ${ticket.expect.threatType}`);
    }
    await paintedEquals(frame, async () => (await bench.tagged(ticket.key)).suggestion, {
      unpaintable: ticket.system === "servicenow" ? ["title", "description"] : [],
    });
    await page.close();
  }
  console.log(
    `${bench.desk.tickets.length - wrong.length} of ${bench.desk.tickets.length} types right${wrong.length ? `; wrong: ${wrong.join("; ")}` : ""}`,
  );
  expect(wrong.length).toBeLessThanOrEqual(Math.floor(bench.desk.tickets.length / 3));
});
