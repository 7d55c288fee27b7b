// Jira Cloud's surfaces: boards and backlog with modal or panel, panels over pages, the agent's view, late hooks, comments that scroll away, the editor.
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { until } from "../../scripts/until.ts";
import { ViewHealth, viewName } from "../../shared/selector-health.ts";
import { decidesWithoutNotes, drawn, jiraTickets, openSettled, paintedOutside, rightTicket, textHash } from "./jira-lab.ts";
import { type Bench, foreignWrites, paintedEquals, startBench, step, tiny } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(tiny);
});
afterAll(() => bench?.close());

const containers = '[role="dialog"], [data-testid="preview-panels.preview-panel"]';
const openAt = (path: string) => openSettled(bench, bench.desk.jira + path);

test("fifty cards pressed on board and backlog, in modal and panel: fifty right tickets, nothing painted on the cards", async () => {
  const tickets = jiraTickets(bench, "SEC-");
  const { page, frame } = await openAt("/jira/software/projects/SEC/boards/1?seed=7");
  let right = 0;
  for (let round = 0; round < 50; round++) {
    const ticket = tickets[(round * 4) % tickets.length];
    if (!ticket) continue;
    if (round === 25) await step(frame, `backlog:${tickets[0]?.key}`);
    await step(frame, `card:${ticket.key}`);
    const { ticket: shown } = (await rightTicket(bench, frame, ticket)).suggestion;
    // From modal to panel or back: no new address, the same ticket.
    if (round % 5 === 2) {
      const address = page.url();
      await step(frame, round % 2 ? "modal" : "panel");
      await rightTicket(bench, frame, ticket);
      expect(page.url()).toBe(address);
    }
    if (shown.key === ticket.key && (await paintedOutside(frame, containers)) === 0) right++;
  }
  expect(right).toBe(50);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("a modal that gets its role and its hook late is read before and after", async () => {
  const { page, frame } = await openAt("/jira/software/projects/SEC/boards/1");
  // However late: not before the test says so.
  await step(frame, "modal-hook:never bare");
  await step(frame, "card:SEC-203");
  await rightTicket(bench, frame, bench.ticket("SEC-203"));
  expect(await page.$('[role="dialog"]')).toBeNull();
  await step(frame, "modal-hook:0 bare");
  await page.waitForSelector('[role="dialog"][data-testid="issue.views.issue-details.issue-modal.modal-dialog"]');
  await step(frame, "edit:Also seen: 203.0.113.41");
  await bench.waitFor("SEC-203", (report) => JSON.stringify(report).includes("203.0.113.41"));
  await paintedEquals(frame, async () => (await bench.tagged("SEC-203")).suggestion);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("two tickets on one page never mix: a panel that shows another issue than the board's address, and one over an issue's page", async () => {
  const { page, frame } = await openAt("/jira/software/projects/SEC/boards/1?selectedIssue=SEC-201");
  await step(frame, "panel");
  await rightTicket(bench, frame, bench.ticket("SEC-201"));
  await step(frame, "panel-issue:SEC-203");
  await rightTicket(bench, frame, bench.ticket("SEC-203"));
  expect(page.url()).toContain("selectedIssue=SEC-201");
  await step(frame, "close-panel");
  await rightTicket(bench, frame, bench.ticket("SEC-201"));
  await step(frame, "route:SEC-214");
  await rightTicket(bench, frame, bench.ticket("SEC-214"));
  await step(frame, "panel-issue:SEC-203");
  await step(frame, "edit:One more line");
  await rightTicket(bench, frame, bench.ticket("SEC-214"));
  expect(await paintedOutside(frame, '[data-vc="issue"]:not([data-vc="panel"] *)')).toBe(0);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("every ticket on its page, and those of the service project in the agent's view: title, description and all comments are read to the letter", async () => {
  const wrong: string[] = [];
  for (const [index, ticket] of jiraTickets(bench).entries()) {
    const agent = ticket.key.startsWith("ITS-") ? [`/jira/servicedesk/projects/ITS/queues/custom/1/${ticket.key}`] : [];
    for (const path of [`/browse/${ticket.key}`, ...agent]) {
      // With another seed the parts arrive in another order.
      const { page, frame } = await openAt(`${path}?seed=${index + 1}`);
      await step(frame, "read-all");
      await bench
        .waitFor(ticket.key, (report) => report.state === "tagged" && report.suggestion.contentHash === textHash(ticket, "\n"), 10_000)
        .then(() => paintedEquals(frame, async () => (await bench.tagged(ticket.key)).suggestion))
        .catch((error: unknown) => wrong.push(`${path}: ${String(error).slice(0, 200)}`));
      await page.close();
    }
  }
  expect(wrong).toEqual([]);
}, 240_000);

test("comments that scroll out of view still count, and cost nothing when they come back", async () => {
  const ticket = bench.ticket("SEC-214");
  const { page, frame } = await openAt("/browse/SEC-214");
  await step(frame, "read-all");
  const whole = () =>
    bench.waitFor(ticket.key, (report) => report.state === "tagged" && report.suggestion.contentHash === textHash(ticket, "\n"));
  await whole();
  await step(frame, "virtual-comments");
  await frame.waitForFunction(
    () => [...document.querySelectorAll('[data-testid^="comment-base-item-"]')].filter((shell) => !shell.firstChild).length > 2,
  );
  await paintedEquals(frame, async () => drawn(frame, (await bench.tagged(ticket.key)).suggestion));
  await whole();
  await step(frame, "read-all");
  await whole();
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("an internal comment that scrolled out of view stays on the machine all the same", async () => {
  const ticket = bench.ticket("SEC-214");
  const { page, frame } = await openAt("/browse/SEC-214");
  await step(frame, "read-all");
  await bench.waitFor(ticket.key, (report) => report.state === "tagged" && report.suggestion.contentHash === textHash(ticket, "\n"));
  await step(frame, "virtual-comments");
  const note = ticket.comments.findLast(({ kind }) => kind === "work note");
  await frame.waitForFunction((id) => document.querySelector(`[data-testid="comment-base-item-${id}"]`)?.firstChild === null, {}, note?.id);
  await decidesWithoutNotes(bench, page, ticket);
  await page.close();
});

test("ProseMirror: what is being typed is not read, nothing is written into it, and what is saved is", async () => {
  const ticket = bench.ticket("SEC-203");
  const { page, frame } = await openAt("/browse/SEC-203");
  await step(frame, "read-all");
  const whole = (report: { state: string; suggestion?: { contentHash: string } }) =>
    report.suggestion?.contentHash === textHash(ticket, "\n");
  await bench.waitFor(ticket.key, whole);
  await page.click('[data-testid="canned-comments.common.ui.comment-text-area-placeholder.textarea"]');
  await page.click("#ak-editor-textarea");
  await page.keyboard.type("Not yet said: 203.0.113.200");
  expect(whole(await bench.tagged(ticket.key))).toBe(true);
  await page.click('[data-testid="comment-save-button"]');
  await frame.evaluate(() => [...document.querySelectorAll('[data-testid^="comment-base-item-"]')].at(-1)?.scrollIntoView());
  const said = await bench.waitFor(ticket.key, (report) => JSON.stringify(report).includes("203.0.113.200"));
  expect(said.state === "tagged" && said.suggestion.blocks).toHaveLength(2 + ticket.comments.length + 1);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("what was found is counted by view, and nothing else is kept of it", async () => {
  const health = async () => {
    const { selectorHealth = [] } = await bench.console.evaluate(() => chrome.storage.local.get<Record<string, unknown>>("selectorHealth"));
    return z.array(ViewHealth).parse(selectorHealth);
  };
  for (const [view, path] of [
    ["jira-cloud page", "/browse/ITS-305"],
    ["jira-cloud agent", "/jira/servicedesk/projects/ITS/queues/custom/1/ITS-305"],
  ] as const) {
    const countOf = async () => (await health()).find((one) => viewName(one) === view);
    const before = (await countOf())?.visits ?? 0;
    const { page, frame } = await openAt(path);
    await step(frame, "read-all");
    const counted = await until(view, async () => {
      const found = await countOf();
      return found && found.visits > before ? found : null;
    });
    expect(counted.title).toBe(counted.visits);
    await page.close();
  }
});

test("no page sent a CSP report", () => {
  expect(bench.desk.reports).toEqual([]);
});
