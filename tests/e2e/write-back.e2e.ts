// Writing a decision to the ticket, in Chromium with the page's own session: off at first, shown before, confirmed, taken back; nothing else leaves.
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardText, inCard, openCard, pressInCard } from "../../scripts/card.ts";
import { until } from "../../scripts/until.ts";
import { type Bench, foreignWrites, startBench, tiny } from "./lab.ts";
import { arm, keysOf, press, says, waitReview } from "./reviewing.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(process.env.SECTAG_E2E_BUILD ?? tiny);
});
afterAll(() => bench?.close());

/** Switches it on (or off), as the options page does. */
const allow = (settings: { on: boolean; field: string }) =>
  bench.console.evaluate((writeBack) => chrome.storage.local.set({ writeBack }), settings);
const shows = (page: Page, text: string) =>
  until(`"${text}" in the card`, async () => (await cardText(page, ".write-back")).includes(text));
/** What Enter would confirm is in sight, also in a low window whose card scrolls. */
const inSight = (page: Page) =>
  inCard(page, (root) => {
    const [body, button] = [root.querySelector(".card-body"), root.querySelector(".write-back .accept")].map((one) =>
      one?.getBoundingClientRect(),
    );
    return body !== undefined && button !== undefined && button.bottom <= body.bottom && button.top >= body.top;
  });
/** The requests of write-back; the pages themselves read other addresses. */
const asked = () => bench.desk.requests.filter(({ method, url }) => /[?&](fields|sysparm_fields)=/.test(url) || /PUT|PATCH/.test(method));
const writes = () => bench.desk.requests.filter(({ method }) => /PUT|PATCH/.test(method));

async function decided(system: "jira" | "servicenow", nth: number, tag: string) {
  const ticket = bench.desk.tickets.filter((one) => one.system === system)[nth];
  if (!ticket) throw new Error(`The desk has no ${system} ticket ${nth}`);
  const { page } = await bench.open(ticket, "alone");
  await arm(bench, page, ticket.key);
  await press(page, ...keysOf(tag));
  await waitReview(bench, ticket.key, says(tag));
  return { page, ticket };
}

test("Jira: nothing until it is switched on; then a key shows the change, Enter writes it, one press takes it back", async () => {
  const { page, ticket } = await decided("jira", 0, "phishing_high");
  const rest = bench.desk.rest.ticket(ticket.key);
  rest.labels.push("vip");
  await page.setViewport({ width: 1000, height: 420 });
  await openCard(page);
  await press(page, "w");
  expect(await cardText(page, ".write-back")).toBe("");
  expect(asked()).toEqual([]);
  const before = bench.desk.requests.length;

  await allow({ on: true, field: "" });
  await shows(page, "Write to the ticket: phishing_high");
  await press(page, "w");
  await shows(page, "+ sectag:phishing_high");
  expect(rest.labels).toEqual(["vip"]);
  expect(await inSight(page)).toBe(true);
  await press(page, "Enter");
  await shows(page, "Written to the ticket.");
  expect(rest.labels).toEqual(["vip", "sectag:phishing_high"]);
  // Enter agreed with the write, not with the model's proposal.
  expect((await waitReview(bench, ticket.key, says("phishing_high"))).undoable).toBe(1);

  // A correction replaces our own label, by mouse.
  await press(page, ...keysOf("malware_low"));
  await waitReview(bench, ticket.key, says("malware_low"));
  await pressInCard(page, { selector: ".write-back > .plain-button", text: "malware_low" });
  await shows(page, "− sectag:phishing_high");
  await pressInCard(page, { selector: ".write-back .accept" });
  await shows(page, "Written: malware_low");
  expect(rest.labels).toEqual(["vip", "sectag:malware_low"]);
  await pressInCard(page, { selector: ".write-back-last button" });
  await shows(page, "Taken back.");
  expect(rest.labels).toEqual(["vip", "sectag:phishing_high"]);

  const own = bench.desk.requests.slice(before);
  expect(new Set(own.map(({ url }) => new URL(url).origin))).toEqual(new Set([bench.desk.jira]));
  expect(writes().map(({ method, body }) => [method, body])).toEqual([
    ["PUT", '{"update":{"labels":[{"add":"sectag:phishing_high"}]}}'],
    ["PUT", '{"update":{"labels":[{"remove":"sectag:phishing_high"},{"add":"sectag:malware_low"}]}}'],
    ["PUT", '{"update":{"labels":[{"remove":"sectag:malware_low"},{"add":"sectag:phishing_high"}]}}'],
  ]);
  expect(bench.desk.reports).toEqual([]);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("Jira: a person who was faster is not overwritten, a session that ended is named; what was written is known after a reload", async () => {
  await allow({ on: true, field: "" });
  const { page, ticket } = await decided("jira", 1, "ransomware_critical");
  const { rest } = bench.desk;
  await press(page, "w");
  await shows(page, "+ sectag:ransomware_critical");
  rest.edit(ticket.key, ({ labels }) => labels.push("sectag:malware_low"));
  const before = writes().length;
  await press(page, "Enter");
  await shows(page, "The ticket was changed meanwhile");
  await shows(page, "The label sectag:malware_low stays: somebody else set it.");
  expect(writes()).toHaveLength(before);
  await press(page, "Escape");
  await shows(page, "Write to the ticket");
  rest.rules.signedIn = false;
  await press(page, "w");
  await shows(page, "you are not signed in");
  rest.rules.signedIn = true;
  await press(page, "w");
  await shows(page, "+ sectag:ransomware_critical");
  await press(page, "Enter");
  await shows(page, "Written to the ticket");
  await page.reload();
  await bench.tagged(ticket.key);
  await openCard(page);
  await shows(page, "Written: ransomware_critical");
  await pressInCard(page, { selector: ".write-back-last button" });
  await shows(page, "Taken back.");
  expect(rest.ticket(ticket.key).labels).toEqual(["sectag:malware_low"]);
  await page.close();
});

test("ServiceNow's form: the named field with the form's own token, and a work note where a person has filled it", async () => {
  await allow({ on: true, field: "u_sectag" });
  const { page, ticket } = await decided("servicenow", 0, "phishing_high");
  const rest = bench.desk.rest.ticket(ticket.sysId);
  rest.fields.u_sectag = "";
  await press(page, "w");
  await shows(page, "+ phishing_high");
  await press(page, "Enter");
  await shows(page, "Written to the ticket");
  expect(rest.fields.u_sectag).toBe("phishing_high");
  bench.desk.rest.edit(ticket.sysId, ({ fields }) => Object.assign(fields, { u_sectag: "by hand" }));
  await press(page, ...keysOf("malware_low"));
  await waitReview(bench, ticket.key, says("malware_low"));
  await press(page, "w");
  await shows(page, "u_sectag stays by hand: somebody else set it.");
  await press(page, "Enter");
  await until("the work note", async () => rest.notes.length > 0);
  expect(rest).toMatchObject({ fields: { u_sectag: "by hand" }, notes: ["SecTag: malware_low, reviewed by an analyst."] });
  await page.close();
});

test("switched off again, the offer goes, and no request is made", async () => {
  await allow({ on: false, field: "" });
  const before = asked().length;
  const { page } = await decided("jira", 2, "phishing_high");
  await press(page, "w");
  await openCard(page);
  expect(await cardText(page, ".write-back")).toBe("");
  expect(asked()).toHaveLength(before);
  await page.close();
});
