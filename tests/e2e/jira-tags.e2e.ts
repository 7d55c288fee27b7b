// The main job with the shipped model on each of Jira's surfaces: the same ticket gets the same tag, and exactly its words are painted.
import type { Frame } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addHost } from "../../scripts/added-host.ts";
import { drawn, openSettled } from "./jira-lab.ts";
import { type Bench, bare, foreignWrites, paintedEquals, quotes, shipped, startBench, step } from "./lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(shipped);
  await addHost(bench, new URL(bench.desk.jiraDataCenter).origin);
});
afterAll(() => bench?.close());

const surfaces: Record<string, { path: string; system: string; act?: (frame: Frame) => Promise<void> }> = {
  "a modal over the board": { path: "/jira/software/projects/SEC/boards/1?selectedIssue=SEC-201", system: "jira-cloud" },
  "a panel over the backlog": {
    path: "/jira/software/projects/SEC/boards/1/backlog?selectedIssue=SEC-201",
    system: "jira-cloud",
    act: (frame) => step(frame, "panel"),
  },
  "the agent's view": { path: "/jira/servicedesk/projects/SEC/queues/custom/1/SEC-201", system: "jira-cloud" },
  "Data Center's issue": { path: "/browse/SEC-201", system: "jira-data-center" },
  "Data Center's board": { path: "/secure/RapidBoard.jspa?rapidView=1&view=detail&selectedIssue=SEC-201", system: "jira-data-center" },
};

for (const [name, { path, system, act }] of Object.entries(surfaces)) {
  test(`${name}: the parcel mail is phishing, its address and URL glow`, async () => {
    const ticket = bench.ticket("SEC-201");
    const { page, frame } = await openSettled(bench, (system === "jira-cloud" ? bench.desk.jira : bench.desk.jiraDataCenter) + path);
    await act?.(frame);
    if (system === "jira-cloud") await step(frame, "read-all");
    const report = await bench.waitFor(
      ticket.key,
      (found) => found.state === "tagged" && found.suggestion.blocks.length === 2 + ticket.comments.length,
    );
    if (report.state !== "tagged") throw new Error("not tagged");
    expect(report.ticket).toEqual({ system, key: "SEC-201" });
    expect(report.suggestion.threatType).toBe(ticket.expect.threatType);
    for (const highlight of ticket.highlights) expect(quotes(report.suggestion)).toContain(bare(highlight));
    await paintedEquals(frame, async () => drawn(frame, (await bench.tagged(ticket.key)).suggestion));
    expect(await foreignWrites(page)).toEqual([]);
    await page.close();
  });
}

test("no page sent a CSP report", () => {
  expect(bench.desk.reports).toEqual([]);
});
