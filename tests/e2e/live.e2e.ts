// The page lives: re-renders, edits, comments, fifty route changes. Highlights stay on their words, and no host node is ever written.
import { afterAll, beforeAll, expect, test } from "vitest";
import { shownTexts } from "../desk/tickets.ts";
import { type Bench, bare, foreignWrites, painted, paintedEquals, quotes, startBench, step, tiny } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(tiny);
});
afterAll(() => bench?.close());

const jira = () => bench.desk.tickets.filter((ticket) => ticket.system === "jira");
const serviceNow = () => bench.desk.tickets.filter((ticket) => ticket.system === "servicenow");
/** A Jira ticket in which rules find several indicators. */
const rich = () => {
  const [most] = jira().sort((a, b) => b.highlights.length - a.highlights.length);
  if (!most) throw new Error("The desk has no Jira ticket");
  return most;
};

test("Jira: highlights survive re-rendering, remounting, and follow edits and new comments", async () => {
  const ticket = rich();
  const { page, frame, report } = await bench.open(ticket);
  const now = async () => (await bench.tagged(ticket.key)).suggestion;
  expect(quotes(report.suggestion).length).toBeGreaterThan(0);
  await paintedEquals(frame, now);
  for (const command of ["rerender-nodes", "remount"]) {
    await step(frame, command);
    await paintedEquals(frame, now);
  }
  await step(frame, "add-comment:Blocked 203.0.113.99 and hxxps://fresh-lure[.]example/x at the proxy.");
  // Jira renders a comment's body when it scrolls into view.
  await frame.evaluate(() => [...document.querySelectorAll('[data-testid^="comment-base-item-"]')].at(-1)?.scrollIntoView());
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && quotes(found.suggestion).includes("203.0.113.99"));
  await paintedEquals(frame, now);
  await step(frame, "edit:Only one address is left, 198.51.100.77, and nothing else.");
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && quotes(found.suggestion).includes("198.51.100.77"));
  await paintedEquals(frame, now);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("Jira: fifty route changes in one tab, fifty right tickets, no highlight of another ticket left", async () => {
  const tickets = jira();
  const first = tickets[0];
  if (!first) throw new Error("The desk has no Jira ticket");
  const { page, frame } = await bench.open(first);
  let right = 0;
  for (let round = 1; round <= 50; round++) {
    const ticket = tickets[round % tickets.length];
    if (!ticket) continue;
    // Every other route change is of the kind that leaves the old issue's parts standing until the new ones come.
    await step(frame, `${round % 2 ? "route" : "route-stale"}:${ticket.key}`);
    const [title = "", description = ""] = shownTexts(ticket);
    const own = ticket.highlights.map(bare).filter((word) => bare(title + description).includes(word));
    const report = await bench.waitFor(
      ticket.key,
      (found) => found.state === "tagged" && own.every((word) => quotes(found.suggestion).includes(word)),
    );
    await paintedEquals(frame, async () => (await bench.tagged(ticket.key)).suggestion);
    const ownText = bare(shownTexts(ticket).join(" "));
    const strangers = tickets.flatMap((other) => other.highlights.map(bare)).filter((word) => !ownText.includes(word));
    const foreign = (await painted(frame)).filter(({ text }) => strangers.includes(text));
    if (report.state === "tagged" && foreign.length === 0) right++;
  }
  expect(right).toBe(50);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

for (const variant of ["nav_to", "shell", "alone"] as const) {
  test(`ServiceNow ${variant}: the form's fields are read as values, activity entries are painted, nothing is written`, async () => {
    const ticket = serviceNow().find((one) => one.comments.length > 0);
    if (!ticket) throw new Error("The desk has no ServiceNow ticket with entries");
    const { page, frame } = await bench.open(ticket, variant);
    await bench.waitFor(ticket.key, (found) => found.state === "tagged" && found.suggestion.blocks.length === 2 + ticket.comments.length);
    await paintedEquals(frame, async () => (await bench.tagged(ticket.key)).suggestion, { unpaintable: ["title", "description"] });
    await frame.type('[id="incident.description"]', " Also seen: 203.0.113.88 ");
    const edited = await bench.waitFor(
      ticket.key,
      (found) => found.state === "tagged" && quotes(found.suggestion).includes("203.0.113.88"),
    );
    expect(edited.state === "tagged" && edited.unpainted).toBeGreaterThan(0);
    expect((await painted(frame)).every(({ connected }) => connected)).toBe(true);
    expect(await foreignWrites(page)).toEqual([]);
    await page.close();
  });
}

test("an unchanged ticket costs no model call the second time", async () => {
  const ticket = rich();
  const first = await bench.open(ticket);
  await first.page.close();
  const again = await bench.open(ticket);
  expect(again.report.suggestion.modelCalls).toBe(0);
  await again.page.close();
});

test("no page of the desk sent a CSP report, and no request carried a body or ticket text", () => {
  expect(bench.desk.reports).toEqual([]);
  expect(bench.desk.requests.filter((request) => request.bodyBytes > 0)).toEqual([]);
  const words = bench.desk.tickets.flatMap((ticket) => ticket.highlights);
  const leaking = bench.desk.requests.filter((request) => words.some((word) => decodeURIComponent(request.url).includes(word)));
  expect(leaking).toEqual([]);
});
