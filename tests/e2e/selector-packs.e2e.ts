// A site renames what the adapter looks for: counts show it, a signed pack mends the open browser over HTTP, and a bad one is left again without anybody's doing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Frame, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { addHost } from "../../scripts/added-host.ts";
import { signEnvelope, signingKey } from "../../scripts/sign-release.ts";
import { signSelectors } from "../../scripts/sign-selectors.ts";
import { until } from "../../scripts/until.ts";
import { PackView } from "../../shared/pack-view.ts";
import { ViewHealth, viewName } from "../../shared/selector-health.ts";
import { packPayloadType, type SelectorPack } from "../../shared/selector-pack.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import { drawn, jiraTickets, openSettled, textHash } from "./jira-lab.ts";
import { type Bench, foreignWrites, paintedEquals, startBench, step, tiny } from "./lab.ts";
import { arm, keysOf, press, says, storeRows, waitReview } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

const { seed } = z
  .object({ seed: z.string() })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "..", "fixtures", "release", "key.json"), "utf8")));
const key = await signingKey(seed);
const folder = mkdtempSync(join(tmpdir(), "sectag-packs-"));
const section = 'section[aria-labelledby="selectors"] .row';
const view = "jira-data-center issue";

let bench: Bench;
let team: Team;
/** Tickets with comments, and the pages on which the product's update is seen. */
let tickets: DeskTicket[] = [];
const open: { page: Page; frame: Frame; ticket: DeskTicket }[] = [];
beforeAll(async () => {
  [bench, team] = await Promise.all([startBench(process.env.SECTAG_E2E_BUILD ?? tiny), startTeam({ SECTAG_RELEASE_KEYS: key.publicKey })]);
  await addHost(bench, new URL(bench.desk.jiraDataCenter).origin);
  await team.pair(bench);
  tickets = jiraTickets(bench).filter(({ comments }) => comments.length > 0);
  const pem = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex").toString("base64");
  writeFileSync(join(folder, "release.pem"), `-----BEGIN PRIVATE KEY-----\n${pem}\n-----END PRIVATE KEY-----\n`);
  writeFileSync(join(folder, "api.key"), await team.api.key("Publisher", "service", "publish"));
});
afterAll(async () => {
  await bench?.close();
  await team?.close();
  rmSync(folder, { recursive: true, force: true });
});

const stored = async (name: string): Promise<unknown> =>
  bench.console.evaluate(async (item) => (await chrome.storage.local.get<Record<string, unknown>>(item))[item], name);
const counted = async () =>
  z
    .array(ViewHealth)
    .parse((await stored("selectorHealth")) ?? [])
    .find((one) => viewName(one) === view);
const packView = (is: (now: PackView) => boolean) =>
  until("the selectors in use", async () => {
    const now = PackView.safeParse(await stored("selectors.view")).data;
    return now && is(now) && now;
  });
/** As the operator publishes: the command, over HTTP. */
async function publish(sites: SelectorPack["sites"]): Promise<void> {
  const file = join(folder, "selectors.json");
  writeFileSync(file, JSON.stringify(sites));
  const [pem, apiKey] = [join(folder, "release.pem"), join(folder, "api.key")];
  await signSelectors([file, "--sign-with", pem, "--api", team.api.baseUrl, "--key-file", apiKey], {}, () => undefined);
}
/** The alarm is an hour away: a person looks. */
async function pressButton(which: "first" | "last"): Promise<void> {
  await bench.console.bringToFront();
  const selector = `${section} button:${which}-child:not([aria-disabled="true"])`;
  await bench.console.waitForSelector(selector);
  await bench.console.click(selector);
}
const wholeAs = (ticket: DeskTicket, comments: DeskTicket["comments"]) => {
  const hash = textHash({ ...ticket, comments }, "\t");
  return bench.waitFor(ticket.key, (report) => report.state === "tagged" && report.suggestion.contentHash === hash);
};
const whole = (ticket: DeskTicket) => wholeAs(ticket, ticket.comments);
const withoutComments = (ticket: DeskTicket) => wholeAs(ticket, []);
const openRenamed = async (ticket: DeskTicket) =>
  open.push({ ...(await openSettled(bench, `${bench.desk.jiraDataCenter}/browse/${ticket.key}?hooks=renamed`)), ticket });

test("while the site is as it was all parts are found; after its update the comments are not, and the counts say so, here and at the API", async () => {
  for (const [index, ticket] of tickets.slice(0, 6).entries()) {
    const { page } = await openSettled(bench, `${bench.desk.jiraDataCenter}/browse/${ticket.key}`);
    await whole(ticket);
    await until("the visit", async () => (await counted())?.visits === index + 1);
    await page.close();
  }
  expect(await counted()).toMatchObject({ visits: 6, title: 6, comments: 6 });
  for (const ticket of tickets.slice(0, 3)) await openRenamed(ticket);
  for (const { ticket } of open) await withoutComments(ticket);
  await until("the visits without comments", async () => (await counted())?.visits === 9, 40_000);
  expect(await counted()).toMatchObject({ visits: 9, title: 9, description: 9, comments: 6 });
  const shown = await bench.console.$$eval("section[aria-labelledby=health] tbody tr", (rows) =>
    rows.map((row) => [...row.children].map(({ textContent }) => textContent).join(" ")),
  );
  expect(shown).toContain(`${view} 9 100 % 100 % 67 %`);
});

const mended = {
  comments: ["#issue_actions_container > .issue-remark"],
  commentBodies: [".twixi-wrap.verbose .remark-body"],
  written: [".remark-body"],
};

test("a signed pack mends the open pages: the comments are read and painted again, and stay on the machine", async () => {
  await publish({ "jira-data-center": mended });
  await pressButton("first");
  expect(await packView(({ inUse }) => inUse !== null)).toMatchObject({
    inUse: { counter: 1, sites: ["jira-data-center"] },
    look: { code: "taken" },
  });
  for (const { ticket, page, frame } of open) {
    await whole(ticket);
    await page.bringToFront();
    await paintedEquals(frame, async () => drawn(frame, (await bench.tagged(ticket.key)).suggestion));
    expect(await foreignWrites(page)).toEqual([]);
  }
  // The counts since pairing went with the look.
  const figures = await until("the figures", async () => {
    const page = await (await fetch(`${team.api.baseUrl}/metrics`)).text();
    return page.includes("sectag_selector_visits_total{") && page;
  });
  for (const [found, count] of [
    ["yes", 6],
    ["no", 3],
  ])
    expect(figures).toContain(
      `sectag_selector_visits_total{site="jira-data-center",page="issue",part="comments",found="${found}"} ${count}`,
    );

  const [one] = open;
  if (!one) throw new Error("no page is open");
  await one.page.bringToFront();
  await arm(bench, one.page, one.ticket.key);
  await press(one.page, ...keysOf("malware_low"));
  await waitReview(bench, one.ticket.key, says("malware_low"));
  const decision = await until("the decision on the server", async () =>
    (await team.stored()).map((row) => row.decision).find(({ ticket }) => ticket.key === one.ticket.key),
  );
  expect(decision.blocks.map(({ role }) => role)).toEqual(["title", "description"]);
  expect(decision.omitted.blocks).toBe(one.ticket.comments.length);
  expect((await storeRows(bench)).outbox).toEqual([]);
});

test("a bad pack is left by itself after a few tickets, and the open pages are read as before it", async () => {
  for (const ticket of tickets.slice(3, 6)) await openRenamed(ticket);
  for (const { ticket } of open) await whole(ticket);
  await until("visits with the pack", async () => (await counted())?.visits === 6);
  // A slip: the element has no name of its own by which a comment could be known.
  await publish({ "jira-data-center": { ...mended, comments: [".message-container"] } });
  await pressButton("first");
  await packView(({ inUse }) => inUse?.counter === 2);
  const [one] = open;
  if (one) await withoutComments(one.ticket);
  const back = await until("the pack before", () => packView(({ inUse }) => inUse?.counter === 1), 60_000);
  expect(back.refused).toMatchObject({
    counter: 2,
    why: expect.stringMatching(/^jira-data-center issue: comments found on 0 of \d+ visits, before on 6 of 6$/),
  });
  for (const { ticket } of open) await whole(ticket);
});

test("a pack with one bad selector is refused whole by this browser, though our key signed it", async () => {
  const now = Date.now();
  const times = { created: new Date(now - 1000).toISOString(), expires: new Date(now + 86_400_000).toISOString() };
  for (const [index, bad] of ["p[", '[data-x="unclosed', ":is(p"].entries()) {
    const pack: SelectorPack = {
      ...{ spec: 1, counter: 3 + index, ...times, minApp: "0.1.0" },
      sites: { "jira-data-center": { ...mended, titles: ["h1", bad] } },
    };
    const headers = { authorization: `Bearer ${readFileSync(join(folder, "api.key"), "utf8")}`, "content-type": "application/json" };
    const body = signEnvelope(packPayloadType, pack, [key]);
    expect((await fetch(`${team.api.baseUrl}/v1/selectors/stable`, { method: "PUT", headers, body })).status).toBe(201);
    await pressButton("first");
    const refused = await packView(({ look }) => look?.counter === 3 + index && look.code !== "current");
    expect([refused.look?.code, refused.look?.detail, refused.inUse?.counter]).toEqual([
      "bad_selector",
      `jira-data-center, titles: ${bad}`,
      1,
    ]);
  }
});

test("by one press the packaged selectors are back on the open pages", async () => {
  await pressButton("last");
  await packView(({ inUse }) => inUse === null);
  for (const { ticket } of open) await withoutComments(ticket);
  const [one] = open;
  if (one) await step(one.frame, "rerender-nodes");
  if (one) await withoutComments(one.ticket);
  expect(bench.desk.reports).toEqual([]);
});
