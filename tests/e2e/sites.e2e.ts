// ServiceNow's workspace and portal, Request Tracker, added hosts and pages on request: right ticket, exact text, exact highlights, nothing written.
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { addHost, removeHost } from "../../scripts/added-host.ts";
import { JIRA_DC_HOST } from "../desk/jira-dc-pages.ts";
import { RT_HOST, startDesk, VANITY_HOST } from "../desk/server.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import { reloadExtension } from "./hosts.ts";
import { type Bench, foreignWrites, joinDesk, painted, paintedEquals, quotes, startBench, step, tiny } from "./lab.ts";

const build = process.env.SECTAG_E2E_BUILD ?? tiny;
const rt = `https://${RT_HOST}`;
const vanity = `https://${VANITY_HOST}`;
let bench: Bench;
beforeAll(async () => {
  bench = await startBench(build);
});
afterAll(() => bench?.close());

/** An incident with entries of both kinds and words that rules find in them. */
const incident = () => bench.ticket("INC0010021");
const other = () => bench.ticket("INC0010044");

/** Lines as they are read: from paragraphs, and from text that flows. */
const paragraphs = (text: string) =>
  text
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter(Boolean)
    .join("\n");
const flowing = (text: string) => text.replace(/\s+/g, " ").trim();
const hashOf = (blocks: readonly (readonly [string, string])[]) => createHash("sha256").update(JSON.stringify(blocks)).digest("hex");

/** The state of a ticket when it was read with exactly these texts. */
const readAs = (key: string, blocks: readonly (readonly [string, string])[]) =>
  bench.waitFor(key, (found) => found.state === "tagged" && found.suggestion.contentHash === hashOf(blocks));
const suggestionOf = (key: string) => async () => (await bench.tagged(key)).suggestion;

async function open(url: string): Promise<Page> {
  const page = await bench.browser.newPage();
  await page.goto(url);
  await page.bringToFront();
  return page;
}

const workspaceBlocks = ({ title, description, comments }: DeskTicket) =>
  [
    ["title", title],
    ["description", description],
    ...comments.toReversed().map(({ kind, text }) => ["comment", kind === "comment" ? paragraphs(text) : flowing(text)] as const),
  ] as const;

test("workspace: values two roots deep, entries whose root comes 2 s late, in the tab that is shown", async () => {
  const ticket = incident();
  const page = await open(`${bench.desk.serviceNow}/now/sow/record/incident/${ticket.sysId}?late=2000`);
  const frame = page.mainFrame();
  await readAs(ticket.key, workspaceBlocks(ticket));
  await paintedEquals(frame, suggestionOf(ticket.key), { unpaintable: ["title", "description"] });
  expect((await painted(frame)).map(({ text }) => text)).toContain("198.51.100.32");

  await step(frame, "add-comment:Seen again from 203.0.113.90.");
  await step(frame, "add-work-note:Blocked hxxps://fresh-lure[.]example/x too.");
  await bench.waitFor(
    ticket.key,
    (found) => found.state === "tagged" && quotes(found.suggestion).includes("hxxps://fresh-lure[.]example/x"),
  );
  for (const command of ["rerender-text", "rerender-nodes"]) {
    await step(frame, command);
    await paintedEquals(frame, suggestionOf(ticket.key), { unpaintable: ["title", "description"] });
  }
  await step(frame, `describe:Only 198.51.100.77 is left.`);
  await step(frame, "add-comment:A sign of change.");
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && quotes(found.suggestion).includes("198.51.100.77"));

  await step(frame, "closed");
  const report = await bench.waitFor(ticket.key, (found) => found.state === "tagged" && found.unread !== undefined);
  expect(report).toMatchObject({ unread: 1 });

  await step(frame, `route:${other().key}`);
  await readAs(other().key, workspaceBlocks(other()));
  await paintedEquals(frame, suggestionOf(other().key), { unpaintable: ["title", "description"] });
  await step(frame, `route:${ticket.key}`);
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && quotes(found.suggestion).includes("203.0.113.90"));
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("portal: the page's own words and the conversation, two tickets by turns", async () => {
  const page = await open(`${bench.desk.serviceNow}/sp?id=ticket&table=incident&sys_id=${incident().sysId}`);
  const frame = page.mainFrame();
  const blocks = ({ key, title, description, comments, fields }: DeskTicket) =>
    [
      ["title", `${title} - ${key}`],
      ["description", `State: ${fields.status}\n${paragraphs(description)}`],
      ...comments.toReversed().map(({ text }) => ["comment", paragraphs(text)] as const),
    ] as const;
  for (const ticket of [incident(), other(), incident()]) {
    if (ticket !== incident() || page.url().includes(other().sysId)) await step(frame, `route:${ticket.key}`);
    await readAs(ticket.key, blocks(ticket));
    await paintedEquals(frame, suggestionOf(ticket.key));
  }
  await step(frame, "rerender-nodes");
  await vi.waitFor(() => paintedEquals(frame, suggestionOf(incident().key)));
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("Request Tracker on an added host: read at once in the open tab, folded quotes when they are unfolded; gone when it is removed", async () => {
  const number = bench.desk.tickets.filter(({ system }) => system === "servicenow").indexOf(incident()) + 1;
  const key = `${RT_HOST}#${number}`;
  const page = await open(`${rt}/Ticket/Display.html?id=${number}`);
  const frame = page.mainFrame();
  expect(await frame.$("sectag-card")).toBeNull();
  await addHost(bench, rt);
  await page.bringToFront();
  const { title, description, comments } = incident();
  const blocks = (quoted: string) =>
    [
      ["title", `#${number}: ${title}`],
      ["description", description],
      ...comments.map(({ text }, index) => ["comment", text + (index === 0 ? quoted : "")] as const),
    ] as const;
  await readAs(key, blocks(""));
  await paintedEquals(frame, suggestionOf(key));
  await step(frame, "unfold");
  await bench.waitFor(key, (found) => found.state === "tagged" && quotes(found.suggestion).includes("192.0.2.250"));
  await step(frame, "rerender-nodes");
  await paintedEquals(frame, suggestionOf(key));
  expect(await foreignWrites(page)).toEqual([]);

  expect(await removeHost(bench, rt)).toEqual([]);
  expect(await frame.$("sectag-card")).toBeNull();
  expect(await painted(frame)).toEqual([]);
  await vi.waitFor(async () => expect(await bench.reportOf(key)).toBeNull());
  await page.reload();
  await page.waitForFunction(() => window.__double !== undefined);
  await page.evaluate(() => window.__double?.settled());
  expect(await bench.reportOf(key)).toBeNull();
  await page.close();
});

test("a ServiceNow under a name of its own: the form in the shell's shadow root, and the workspace, are the same ticket", async () => {
  await addHost(bench, vanity);
  const ticket = incident();
  const form = encodeURIComponent(`incident.do?sys_id=${ticket.sysId}`);
  const page = await open(`${vanity}/now/nav/ui/classic/params/target/${form}`);
  const classic = await bench.waitFor(
    ticket.key,
    (found) => found.state === "tagged" && found.suggestion.blocks.length === 2 + ticket.comments.length,
  );
  const frame = page.frames().find((one) => one.name() === "gsft_main");
  if (!frame) throw new Error("no frame gsft_main");
  await paintedEquals(frame, suggestionOf(ticket.key), { unpaintable: ["title", "description"] });
  expect(await foreignWrites(page)).toEqual([]);
  // A mail in a frame without scripts is not read, and that is said.
  await step(frame, "add-mail");
  const limited = await bench.waitFor(ticket.key, (found) => found.state === "tagged" && found.unread !== undefined);
  expect(limited).toMatchObject({ unread: 1 });
  expect(await foreignWrites(page)).toEqual([]);
  await page.goto(`${vanity}/now/sow/record/incident/${ticket.sysId}`);
  const workspace = await readAs(ticket.key, workspaceBlocks(ticket));
  expect("ticket" in workspace && workspace.ticket).toEqual("ticket" in classic && classic.ticket);
  await page.close();
});

test("any page on request: its main text, once; not the next page, and no editor", async () => {
  await addHost(bench, rt);
  const page = await open(`${rt}/alerts/4711`);
  await page.waitForSelector("main");
  const tabId = await bench.console.evaluate(async (url) => (await chrome.tabs.query({ url }))[0]?.id, `${rt}/*`);
  const popup = await open(`chrome-extension://${bench.extensionId}/popup.html?tab=${tabId}`);
  await (await popup.waitForSelector("::-p-text(Read this page)"))?.click();
  const key = `${RT_HOST}/alerts/4711`;
  await readAs(key, [["description", "Alert 4711\nBeacon every 60 s to 203.0.113.77 from host WS-0815."]]);
  await page.bringToFront();
  await paintedEquals(page.mainFrame(), suggestionOf(key));
  expect(await foreignWrites(page)).toEqual([]);
  await page.evaluate(() => history.pushState(null, "", "/alerts/4712"));
  await vi.waitFor(async () => expect(await bench.reportOf(key)).toBeNull());
  expect(await page.$("sectag-card")).toBeNull();
  await popup.close();
  await page.close();
});

test("the press of the toolbar button is enough to read a page of a host that was never added", async () => {
  const url = `https://${JIRA_DC_HOST}/nowhere`;
  const page = await open(url);
  const extension = (await bench.browser.extensions()).get(bench.extensionId);
  await extension?.triggerAction(page);
  const target = await bench.browser.waitForTarget((one) => one.url().endsWith("/popup.html"));
  const popup = await target.asPage();
  await (await popup.waitForSelector("::-p-text(Read this page)"))?.click();
  await readAs(`${JIRA_DC_HOST}/nowhere`, [["description", "Not on the practice desk."]]);
  const registered = await bench.console.evaluate(() => chrome.scripting.getRegisteredContentScripts());
  expect(registered.flatMap(({ matches }) => matches)).not.toContain(`https://${JIRA_DC_HOST}/*`);
  await page.close();
});

test("workspace: ten open tabs, each shown in its turn, and never the words of another", async () => {
  const tickets = bench.desk.tickets.filter(({ system }) => system === "servicenow").slice(0, 10);
  const [first] = tickets;
  const page = await open(`${bench.desk.serviceNow}/now/sow/record/incident/${first?.sysId}`);
  for (const ticket of [...tickets, ...tickets.slice(0, 2)]) {
    if (ticket !== first || page.url().includes(tickets[9]?.sysId ?? "")) await step(page.mainFrame(), `route:${ticket.key}`);
    await readAs(ticket.key, workspaceBlocks(ticket));
    await paintedEquals(page.mainFrame(), suggestionOf(ticket.key), { unpaintable: ["title", "description"] });
  }
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("added hosts outlive a restart of the browser, and of the extension, which forgets registrations as an update does", async () => {
  const profile = await mkdtemp(join(tmpdir(), "sectag-hosts-"));
  const desk = await startDesk({ speed: "fast" });
  try {
    const first = await joinDesk(desk, build, { profile, installed: true });
    await addHost(first, rt);
    await first.close();
    const second = await joinDesk(desk, build, { profile, installed: true });
    await second.console.waitForFunction(async () => (await chrome.scripting.getRegisteredContentScripts()).length === 1, { polling: 50 });
    const page = await second.browser.newPage();
    await page.goto(`${rt}/Ticket/Display.html?id=1`);
    await page.bringToFront();
    await second.tagged(`${RT_HOST}#1`);
    expect(await reloadExtension(second)).toEqual([`${rt}/*`]);
    await page.reload();
    await page.waitForSelector("sectag-card");
    await second.close();
  } finally {
    await desk.close();
    await rm(profile, { recursive: true, force: true });
  }
});

test("no page sent a CSP report, and no request carried a body", () => {
  expect(bench.desk.reports).toEqual([]);
  expect(bench.desk.requests.filter((request) => request.bodyBytes > 0)).toEqual([]);
});
