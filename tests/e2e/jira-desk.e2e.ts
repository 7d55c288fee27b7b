// The Jira doubles by themselves: every step is the page's own doing, breaks no policy, and shows what the real product would.
import type { Browser, Frame, Page } from "puppeteer-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Desk } from "../desk/server.ts";
import { startDeskAlone } from "./desk-alone.ts";
import { settled, step } from "./lab.ts";

let alone: Awaited<ReturnType<typeof startDeskAlone>>;
let desk: Desk;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  alone = await startDeskAlone();
  ({ desk, browser } = alone);
});
afterAll(() => alone?.close());
beforeEach(async () => {
  await page?.close();
  page = await browser.newPage();
  await page.bringToFront();
});

const blame = (frame: Frame) =>
  frame.evaluate(() => [...(window.__double?.foreignMutations() ?? []), ...(window.__double?.violations() ?? [])]);
const text = (selector: string) => page.$eval(selector, (element) => element.textContent ?? "");

test("Jira Cloud: boards, backlog, panels, late hooks and virtual comments are the page's own doing", async () => {
  await page.goto(`${desk.jira}/jira/software/projects/SEC/boards/1?speed=fast`);
  const frame = page.mainFrame();
  await settled(frame);
  for (const command of [
    "card:SEC-229",
    "panel",
    "panel-issue:SEC-203",
    "modal-hook:20 bare",
    "modal",
    "backlog:SEC-207",
    "card:SEC-229",
    "agent:ITS-305",
    "route:SEC-214",
    "panel-issue:SEC-203",
    "close-panel",
    "virtual-comments",
    "read-all",
  ]) {
    await step(frame, command);
    await settled(frame);
  }
  expect(await blame(frame)).toEqual([]);
});

test("Jira Cloud: a list's nodes are used again for other cards", async () => {
  await page.goto(`${desk.jira}/jira/software/projects/SEC/boards/1/backlog?speed=fast`);
  await settled(page.mainFrame());
  const ids = () => page.$$eval('[data-vc="virtual-slot"] > button', (cards) => cards.map((card) => card.id));
  const before = await ids();
  const first = await page.$('[data-vc="virtual-slot"] > button');
  await step(page.mainFrame(), "card:SEC-229");
  expect(await ids()).not.toEqual(before);
  expect(await first?.evaluate((node) => node.isConnected)).toBe(true);
});

test("Jira Data Center: every step is the page's own doing, TinyMCE included", async () => {
  await page.goto(`${desk.jiraDataCenter}/browse/SEC-214`);
  const frame = page.mainFrame();
  await settled(frame);
  expect(await text("#issue_actions_container")).toContain("added a comment");
  for (const command of ["edit:New", "title:Other", "add-comment", "add-internal", "collapse", "rerender-nodes", "open-editor"]) {
    await step(frame, command);
    await settled(frame);
  }
  await page.waitForSelector("iframe.tox-edit-area__iframe");
  // What was written is known to the page on which it was written.
  expect(await blame(frame)).toEqual([]);
  await page.goto(`${desk.jiraDataCenter}/issues/?jql=`);
  await settled(frame);
  await step(frame, "open:SEC-203");
  expect(await text("#key-val")).toBe("SEC-203");
  expect(await blame(frame)).toEqual([]);
  await page.goto(`${desk.jiraDataCenter}/secure/RapidBoard.jspa?rapidView=1`);
  await settled(frame);
  await step(frame, "open:SEC-207");
  await step(frame, "close-detail");
  expect(await blame(frame)).toEqual([]);
  expect(desk.reports).toEqual([]);
});
