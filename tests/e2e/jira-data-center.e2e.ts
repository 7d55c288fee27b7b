// Jira Data Center on an added host: issue, split view, board, agent's and customer's view; collapsed copies, late comments, TinyMCE.
import { afterAll, beforeAll, expect, test } from "vitest";
import { addHost } from "../../scripts/added-host.ts";
import { decidesWithoutNotes, drawn, jiraTickets, openSettled, rightTicket, textHash } from "./jira-lab.ts";
import { type Bench, foreignWrites, paintedEquals, startBench, step, tiny } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(tiny);
  await addHost(bench, new URL(bench.desk.jiraDataCenter).origin);
});
afterAll(() => bench?.close());

const openAt = (path: string) => openSettled(bench, bench.desk.jiraDataCenter + path);
const whole = (ticket: Parameters<typeof textHash>[0]) =>
  bench.waitFor(ticket.key, (report) => report.state === "tagged" && report.suggestion.contentHash === textHash(ticket, "\t"), 10_000);

test("every ticket on its page, and those of the service project in the agent's view: title, description and comments to the letter, each comment once", async () => {
  const wrong: string[] = [];
  for (const ticket of jiraTickets(bench)) {
    const agent = ticket.key.startsWith("ITS-") ? [`/projects/ITS/queues/custom/1/${ticket.key}`] : [];
    for (const path of [`/browse/${ticket.key}`, ...agent]) {
      const { page, frame } = await openAt(path);
      await whole(ticket)
        .then(() => paintedEquals(frame, async () => drawn(frame, (await bench.tagged(ticket.key)).suggestion)))
        .catch((error: unknown) => wrong.push(`${path}: ${String(error).slice(0, 200)}`));
      const report = await bench.tagged(ticket.key);
      if (report.ticket.system !== "jira-data-center") wrong.push(`${path}: ${report.ticket.system}`);
      await page.close();
    }
  }
  expect(wrong).toEqual([]);
}, 240_000);

for (const [name, path] of [
  ["split view", "/issues/?jql="],
  ["board", "/secure/RapidBoard.jspa?rapidView=1"],
] as const) {
  test(`${name}: twenty-five issues one after the other, twenty-five right tickets`, async () => {
    const { page, frame } = await openAt(path);
    const tickets = jiraTickets(bench);
    let right = 0;
    for (let round = 0; round < 25; round++) {
      const ticket = tickets[(round * 5) % tickets.length];
      if (!ticket) continue;
      await step(frame, `open:${ticket.key}`);
      if ((await rightTicket(bench, frame, ticket)).ticket.key === ticket.key) right++;
    }
    expect(right).toBe(25);
    expect(await foreignWrites(page)).toEqual([]);
    await page.close();
  });
}

test("comments that fold, come and are drawn anew are followed; TinyMCE is left alone and what is typed in it is not read", async () => {
  const ticket = bench.ticket("SEC-214");
  const { page, frame } = await openAt("/browse/SEC-214");
  await whole(ticket);
  // Folded, the short copy shows: the text that is read stays the whole one.
  await step(frame, "collapse");
  await step(frame, "open-editor");
  const editor = await (await page.waitForSelector("iframe.tox-edit-area__iframe"))?.contentFrame();
  await editor?.type("#tinymce", "Not yet said: 203.0.113.201");
  await whole(ticket);
  const before = await editor?.$eval("#tinymce", (body) => body.innerHTML);
  expect(before).toContain("203.0.113.201");
  expect(before).not.toMatch(/sectag|mark|span/i);
  await step(frame, "add-internal:Blocked 203.0.113.202 for good.");
  await bench.waitFor(ticket.key, (report) => JSON.stringify(report).includes("203.0.113.202"));
  await step(frame, "rerender-nodes");
  await paintedEquals(frame, async () => drawn(frame, (await bench.tagged(ticket.key)).suggestion));
  expect(JSON.stringify(await bench.tagged(ticket.key))).not.toContain("203.0.113.201");
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

for (const [name, path] of [
  ["an issue's page", "/browse/"],
  ["the agent's view", "/projects/SEC/queues/custom/1/"],
] as const) {
  test(`internal comments on ${name} stay on the machine`, async () => {
    const ticket = bench.ticket(path === "/browse/" ? "SEC-203" : "SEC-214");
    const { page } = await openAt(path + ticket.key);
    await whole(ticket);
    await decidesWithoutNotes(bench, page, ticket);
    await page.close();
  });
}

test("a request as its customer sees it: title and what was said are read, under the issue's own key", async () => {
  const { page, frame } = await openAt("/servicedesk/customer/portal/2/SEC-201");
  const report = await rightTicket(bench, frame, bench.ticket("SEC-201"));
  expect(report.ticket).toEqual({ system: "jira-data-center", key: "SEC-201" });
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("no page sent a CSP report", () => {
  expect(bench.desk.reports).toEqual([]);
});
