// Pages that work against the extension: they stay as usable as without it, the right ticket is shown, and nothing of another one.
import type { BrowserContext, Frame, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardText, openCard } from "../../scripts/card.ts";
import { until } from "../../scripts/until.ts";
import { flood, frameMyself, hugeNode, lie, removeGuests } from "../desk/hostile.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import { shownTexts } from "../desk/tickets.ts";
import { type Bench, bare, foreignWrites, painted, paintedEquals, quotes, startBench, step, tiny } from "./lab.ts";

let bench: Bench;
/** Pages of it have no extension: what a page is like without it. */
let plain: BrowserContext;
beforeAll(async () => {
  bench = await startBench(process.env.SECTAG_E2E_BUILD ?? tiny);
  plain = await bench.browser.createBrowserContext();
});
afterAll(() => bench?.close());

const tickets = () => bench.desk.tickets.filter(({ system }) => system === "jira");
const rich = (): DeskTicket => {
  const [most] = tickets().sort((a, b) => b.highlights.length - a.highlights.length);
  if (!most) throw new Error("The desk has no Jira ticket");
  return most;
};
const suggested = async (ticket: DeskTicket) => (await bench.tagged(ticket.key)).suggestion;
const description = '[data-testid="issue.views.field.rich-text.description"] .ak-renderer-document';

/** Words that only other tickets have. */
function strangers(ticket: DeskTicket): string[] {
  const own = bare(shownTexts(ticket).join(" "));
  return tickets()
    .flatMap((other) => [other.title, ...other.highlights].map(bare))
    .filter((words) => words.length > 6 && !own.includes(words));
}

/** Whatever of the ticket is shown or reported is of this ticket. */
async function onlyOf(ticket: DeskTicket, page: Page, { card: hasCard = true } = {}): Promise<void> {
  const own = bare(shownTexts(ticket).join(" "));
  const reported = quotes(await suggested(ticket));
  expect(reported.filter((quote) => !own.includes(quote))).toEqual([]);
  expect((await painted(page.mainFrame())).filter(({ text }) => !own.includes(text))).toEqual([]);
  if (!hasCard) return;
  await openCard(page);
  const card = bare(await cardText(page));
  expect(strangers(ticket).filter((words) => card.includes(words))).toEqual([]);
}

/** Presses a button of the page some times. @returns the median of the milliseconds until its code ran. */
async function pressOwn(page: Page): Promise<number> {
  await page.bringToFront();
  await page.evaluate(() => {
    const button = document.createElement("button");
    button.id = "own";
    button.textContent = "The page's own";
    button.style.cssText = "position: fixed; left: 0; top: 0; width: 90px; height: 40px; z-index: 999";
    window.__delays = [];
    button.addEventListener("click", (event) => window.__delays?.push(performance.now() - event.timeStamp));
    document.body.append(button);
  });
  for (let press = 0; press < 15; press++) await page.mouse.click(40, 20);
  const delays = await page.evaluate(() => {
    document.querySelector("#own")?.remove();
    return window.__delays ?? [];
  });
  expect(delays).toHaveLength(15);
  return delays.sort((a, b) => a - b)[7] ?? Number.NaN;
}

/** The same page without and with the extension; the button's answer with it takes at most twice as long, and 50 ms. */
async function staysUsable(ticket: DeskTicket, hostility: (frame: Frame) => Promise<unknown>): Promise<Page> {
  const alone = await plain.newPage();
  await alone.bringToFront();
  await alone.goto(bench.desk.urlOf(ticket));
  await alone.evaluate(() => window.__double?.settled());
  await hostility(alone.mainFrame());
  const without = await pressOwn(alone);
  await alone.close();
  const { page, frame } = await bench.open(ticket);
  await hostility(frame);
  const withUs = await pressOwn(page);
  console.log(`the page's own button: ${without.toFixed(1)} ms without, ${withUs.toFixed(1)} ms with the extension`);
  expect(withUs).toBeLessThanOrEqual(2 * without + 50);
  return page;
}

test("overridden prototypes and constructors of the page change nothing: tag, paint and card are right, nothing is written", async () => {
  const ticket = rich();
  const page = await bench.browser.newPage();
  await page.evaluateOnNewDocument(lie);
  await page.goto(bench.desk.urlOf(ticket));
  await page.bringToFront();
  await bench.tagged(ticket.key);
  await paintedEquals(page.mainFrame(), () => suggested(ticket));
  await onlyOf(ticket, page);
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("under a flood of changes the page answers as before, and the text is read all the same", async () => {
  const ticket = rich();
  const page = await staysUsable(ticket, (frame) => frame.evaluate(flood));
  await step(page.mainFrame(), "edit:Only one address is left, 198.51.100.77, and nothing else.");
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && quotes(found.suggestion).includes("198.51.100.77"), 60_000);
  await page.evaluate(() => window.__hostile?.stop());
  await paintedEquals(page.mainFrame(), () => suggested(ticket));
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
});

test("ten million characters in one node: the page answers as before, and it is said that not all was read", async () => {
  const ticket = rich();
  const page = await staysUsable(ticket, (frame) => frame.evaluate(hugeNode, description));
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && found.suggestion.truncated, 120_000);
  await page.close();
});

test("a page in frames of itself: the page answers as before, and its own ticket is shown", async () => {
  const ticket = rich();
  const page = await staysUsable(ticket, async (frame) => {
    await frame.page().evaluateOnNewDocument(frameMyself);
    await frame.evaluate(frameMyself);
    await until("the frames in frames", async () => frame.page().frames().length > 3);
  });
  // Each frame shows the ticket, and has a card and a report of its own.
  await until("the painted words", async () => (await painted(page.mainFrame())).length > 0);
  await onlyOf(ticket, page, { card: false });
  await page.close();
});

test("a page that takes the card away again and again is left without it, says so, and keeps its highlights", async () => {
  const ticket = rich();
  const page = await staysUsable(ticket, (frame) => frame.evaluate(removeGuests));
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && found.cardRemoved === true);
  await paintedEquals(page.mainFrame(), () => suggested(ticket));
  const removals = await page.evaluate(() => window.__hostile?.removals?.() ?? -1);
  expect(removals).toBeGreaterThan(1);
  expect(removals).toBeLessThan(10);
  expect(await page.evaluate(() => document.querySelectorAll("sectag-card").length)).toBe(0);
  await page.close();
});

test("a page that flies through tickets: in the end the card shows the one that is open, and no word of the others", async () => {
  const [first, ...others] = tickets();
  if (!first) throw new Error("The desk has no Jira ticket");
  const { page, frame } = await bench.open(first);
  for (let round = 0; round < 30; round++) {
    const ticket = others[round % others.length];
    if (ticket) await step(frame, `${round % 2 ? "route" : "route-stale"}:${ticket.key}`);
  }
  const last = rich();
  await step(frame, `route-stale:${last.key}`);
  await bench.waitFor(last.key, (found) => found.state === "tagged" && quotes(found.suggestion).length > 0);
  await paintedEquals(frame, () => suggested(last));
  await onlyOf(last, page);
  await page.close();
});

declare global {
  interface Window {
    __delays?: number[];
  }
}
