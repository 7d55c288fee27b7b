// `npm run prove -- queue`: clears a queue of 20 practice tickets by keyboard alone, and counts the keys: one to agree, at most three to correct, navigation apart.
import { performance } from "node:perf_hooks";
import type { KeyInput } from "puppeteer-core";
import type { PageReport } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import { startDesk } from "../../tests/desk/server.ts";
import type { DeskTicket } from "../../tests/desk/ticket-shape.ts";
import { buildExtension } from "../build-extension.ts";
import { inCard } from "../card.ts";
import { launch } from "../chromium.ts";
import { keysFor } from "../decision-keys.ts";
import { until } from "../until.ts";

const mostTickets = 20;
/** More presses of Tab than any page of the desk has stops. */
const mostStops = 150;

const extension = buildExtension();
const desk = await startDesk({ speed: "fast" });
const lab = await launch({ extension, flags: desk.chromiumFlags, headless: true });
const page = await lab.browser.newPage();
let navigationKeys = 0;
const agreed: number[] = [];
const corrected: number[] = [];
const began = performance.now();
let fault = "";
try {
  const newestFirst = [...desk.tickets].sort((a, b) => b.fields.created.localeCompare(a.fields.created));
  const jira = newestFirst.filter(({ system }) => system === "jira");
  const serviceNow = desk.tickets.filter(({ system }) => system === "servicenow").slice(0, mostTickets - jira.length);
  console.log(`\n${"ticket".padEnd(12)}${"proposed".padEnd(38)}${"decided".padEnd(28)}${"keys".padEnd(10)}${"navigation".padStart(10)}`);
  // An address each, as from a bookmark; all else is by key.
  await page.goto(`${desk.jira}/`);
  const [first] = jira;
  if (first) await armByKeys(first);
  for (const ticket of jira) await clear(ticket, () => back("Queue"));
  await page.goto(`${desk.serviceNow}/nav_to.do?uri=%2Fincident_list.do`);
  for (const ticket of serviceNow) await clear(ticket, () => back("‹"));
} catch (error) {
  fault = error instanceof Error ? error.message : String(error);
  console.error(fault);
}
await lab.close();
await desk.close();
const tickets = agreed.length + corrected.length;
const [keysPerAgree, keysPerCorrectMax] = [Math.max(0, ...agreed), Math.max(0, ...corrected)];
const ok = !fault && tickets === mostTickets && keysPerAgree === 1 && keysPerCorrectMax <= 3;
const seconds = Math.round((performance.now() - began) / 100) / 10;
console.log(
  JSON.stringify({
    tickets,
    agreed: agreed.length,
    corrected: corrected.length,
    keysPerAgree,
    keysPerCorrectMax,
    navigationKeys,
    seconds,
    ok,
  }),
);
process.exit(ok ? 0 : 1);

/** From the list to the ticket, decides, and goes back. */
async function clear(ticket: DeskTicket, goBack: () => Promise<void>): Promise<void> {
  const before = navigationKeys;
  await tabTo(ticket.key);
  await navigate("Enter");
  const { review, suggestion } = await waitReview(ticket.key, ({ review }) => review?.armed === true);
  const { keys, agrees } = keysFor(suggestion, ticket.expect, review.keys);
  for (const key of keys) await page.keyboard.press(key as KeyInput);
  const wanted = tagText(ticket.expect);
  await waitReview(
    ticket.key,
    ({ review }) => review?.news.code === "saved" && review.mine !== null && tagText(review.mine.tag) === wanted,
  );
  (agrees ? agreed : corrected).push(keys.length);
  await goBack();
  const proposed = `${tagText(suggestion)}${suggestion.abstained ? " (not sure)" : ""}`;
  console.log(
    `${ticket.key.padEnd(12)}${proposed.padEnd(38)}${wanted.padEnd(28)}${keys.join(" ").padEnd(10)}${String(navigationKeys - before).padStart(10)}`,
  );
}

async function waitReview(key: string, wanted: (report: Extract<PageReport, { state: "tagged" }>) => boolean) {
  const report = await lab.waitFor(key, (found) => found.state === "tagged" && wanted(found));
  if (report.state !== "tagged" || !report.review) throw new Error(`${key} has no review`);
  return { review: report.review, suggestion: report.suggestion };
}

async function navigate(...keys: KeyInput[]): Promise<void> {
  for (const key of keys) {
    navigationKeys++;
    await page.keyboard.press(key);
  }
}

/** Once: in a ticket to the chip, which stands last in the page, into the card, to the switch, and out of it; then back to the queue. */
async function armByKeys(ticket: DeskTicket): Promise<void> {
  await tabTo(ticket.key);
  await navigate("Enter");
  await waitReview(ticket.key, ({ review }) => review !== null);
  await stepTo("the chip", () => inCard(page, (root) => root.activeElement?.matches(".chip-button") === true));
  await navigate("Enter");
  await stepTo("the switch of review mode", () => inCard(page, (root) => root.activeElement?.matches(".switch") === true));
  await navigate("Space", "Escape");
  await waitReview(ticket.key, ({ review }) => review?.armed === true);
  await until("the closed card", () => inCard(page, (root) => root.querySelector(".card") === null));
  await back("Queue");
  console.log(`review mode is on${String(navigationKeys).padStart(71)}`);
}

async function back(link: string): Promise<void> {
  await tabTo(link);
  await navigate("Enter");
}

/** Presses Tab until the link with this text has the focus. */
async function tabTo(text: string): Promise<void> {
  await until(`"${text}" on the page`, () =>
    inFrames((document, wanted) => [...document.links].some((one) => one.textContent === wanted), text),
  );
  await stepTo(`the link ${text}`, () =>
    inFrames((document, wanted) => document.activeElement?.textContent === wanted && document.activeElement.matches("a"), text),
  );
}

async function stepTo(what: string, isThere: () => Promise<boolean | null>): Promise<void> {
  for (let stop = 0; stop < mostStops; stop++) {
    await navigate("Tab");
    if (await isThere()) return;
  }
  throw new Error(`${mostStops} presses of Tab did not lead to ${what}`);
}

/** True when it holds in one of the page's documents. */
async function inFrames(look: (document: Document, text: string) => boolean, text: string): Promise<boolean> {
  const answers = await Promise.all(
    page.frames().map(
      (frame) => frame.evaluate(`(${look.toString()})(document, ${JSON.stringify(text)})`).catch(() => false), // The frame is being loaded.
    ),
  );
  return answers.includes(true);
}
