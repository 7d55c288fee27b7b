// `npm run prove -- rt [--url http://127.0.0.1:8081]`: the extension on a real Request Tracker, whose host a person adds; pictures in artifacts/rt/.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Frame, Page } from "puppeteer-core";
import { paintedEquals } from "../../tests/e2e/lab.ts";
import { addHost, removeHost } from "../added-host.ts";
import { buildExtension } from "../build-extension.ts";
import { openCard } from "../card.ts";
import { launch } from "../chromium.ts";
import { findRequestTracker, trackerFlags } from "../request-tracker.ts";
import { until } from "../until.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8081" },
    build: { type: "string" },
    out: { type: "string", default: "artifacts/rt" },
  },
});
const { origin, host, byHand, signIn } = await findRequestTracker(values.url);
mkdirSync(values.out, { recursive: true });

/** What the seed has: words that rules find (once their text is read), and words that must not be read. */
const tickets = [
  {
    name: "HTML mail",
    subject: /Suspicious invoice/,
    found: ["hxxps://login-microsoft0nline[.]example/owa/", "203.0.113.45", "T1059.001"],
  },
  {
    name: "HTML ticket with comments",
    subject: /^#\d+: Ransomware on FS-02/,
    found: ["CVE-2024-3400", "192[.]0[.]2[.]77", "cdn-update[.]example"],
  },
  {
    name: "plain text",
    subject: /plain text copy/,
    found: ["hxxps://cdn-update[.]example/gate.php?id=1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
  },
  { name: "nothing in it", subject: /Printer on floor 3/, found: [] },
];
const figures = { tickets: 0, words: 0, paintedExactly: 0, changedNodes: 0, foldedKept: false, editorUntouched: false, removed: false };
const faults: string[] = [];
const check = (holds: boolean, what: string) => {
  if (!holds) faults.push(what);
  return holds;
};

const extension = values.build ?? buildExtension();
const lab = await launch({
  extension,
  flags: trackerFlags,
  headless: true,
});
try {
  const first = await lab.browser.newPage();
  await signIn(first);
  await first.close();
  // Before the host is added nothing of SecTag is on the pages: they are what the pages must still be afterwards.
  const opened: { page: Page; number: number; before: string; ticket: (typeof tickets)[number] }[] = [];
  for (let number = 1; opened.length < tickets.length && number <= 40; number++) {
    const page = await visit(`/Ticket/Display.html?id=${number}`);
    const heading = await page.$eval("#header h1", (one) => one.textContent ?? "").catch(() => "");
    const ticket = tickets.find(({ subject }) => subject.test(heading.trim()));
    if (!ticket || opened.some((one) => one.ticket === ticket)) await page.close();
    else opened.push({ page, number, before: await pageText(page), ticket });
  }
  check(opened.length === tickets.length, `only ${opened.length} of the ${tickets.length} seeded tickets were found`);
  const editor = await visit(`/Ticket/Update.html?id=${opened[1]?.number ?? 1}&Action=Respond`);
  const written = await until("the editor's frame", () => editorOf(editor));
  await written.type("body", "My reply to 198.51.100.200");
  const draft = await editorText(written);

  await addHost(lab, origin);
  for (const { page, number, before, ticket } of opened) {
    await page.bringToFront();
    const key = `${host}#${number}`;
    const report = await lab.waitFor(key, ({ state }) => state === "tagged", 60_000);
    if (report.state !== "tagged") continue;
    figures.tickets++;
    const quotes = report.suggestion.blocks.flatMap(({ spans }) => spans.map(({ quote }) => quote));
    for (const word of ticket.found)
      if (
        check(
          quotes.some((quote) => quote.includes(word)),
          `${ticket.name}: ${word} was not found`,
        )
      )
        figures.words++;
    const [first] = ticket.found;
    const description = report.suggestion.blocks.find(({ id }) => id === "description")?.spans ?? [];
    check(!first || description.some(({ quote }) => quote.includes(first)), `${ticket.name}: the first message is not the description`);
    const amiss = await paintedEquals(page.mainFrame(), async () => report.suggestion, { timeoutMs: 0 }).then(() => "", String);
    if (check(amiss === "", `${ticket.name}: painted are not exactly the words that were found: ${amiss}`)) figures.paintedExactly++;
    const after = await pageText(page);
    if (!check(after === before, `${ticket.name}: the page is not what it was`)) figures.changedNodes++;
    await page.$eval(".history", (history) => history.scrollIntoView());
    await openCard(page);
    await page.screenshot({ path: join(values.out, `${ticket.name.replaceAll(" ", "-").toLowerCase()}.png`) as `${string}.png` });
  }
  await editor.bringToFront();
  figures.editorUntouched = check((await editorText(written)) === draft, "the editor's text was changed");
  check(!(await written.evaluate(() => CSS.highlights.size > 0)), "something is painted in the editor");
  await editor.screenshot({ path: join(values.out, "editor.png") as `${string}.png` });
  figures.foldedKept = await folded();
  figures.removed = check((await removeHost(lab, origin)).length === 0, "the host is still on the list");
  for (const { page } of opened) check((await page.$("sectag-card")) === null, "a removed host still has a card");
} catch (error) {
  faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await lab.close();
}
for (const fault of faults) console.error(`FAULT ${fault}`);
console.log(JSON.stringify({ ...figures, of: tickets.length, faults: faults.length, ok: faults.length === 0 }));
process.exit(faults.length === 0 ? 0 : 1);

async function visit(path: string): Promise<Page> {
  const page = await lab.browser.newPage();
  await page.goto(origin + path, { waitUntil: "networkidle0" });
  return page;
}

/** All that a ticket's page has in its body, as HTML. */
function pageText(page: Page): Promise<string> {
  return page.evaluate(() => document.body.outerHTML);
}

/** RT's rich editor is a frame of its own that comes late. */
async function editorOf(page: Page): Promise<Frame | null> {
  const frame = await page.$("iframe.cke_wysiwyg_frame");
  return (await frame?.contentFrame()) ?? null;
}
function editorText(frame: Frame): Promise<string> {
  return frame.evaluate(() => document.documentElement.outerHTML);
}

/** A reply that quotes: what RT folds is not read until a person unfolds it. */
async function folded(): Promise<boolean> {
  await byHand("POST", "/ticket/1/correspond", {
    ContentType: "text/plain",
    Content: "See my answer for 198.51.100.201.\n\n> quoted from before: 198.51.100.202\n> and more of it\n> and more\n",
  });
  const key = `${host}#1`;
  const page = await visit("/Ticket/Display.html?id=1");
  await page.bringToFront();
  const has = (word: string) => (found: { state: string }) => JSON.stringify(found).includes(word);
  const report = await lab.waitFor(key, (found) => found.state === "tagged" && has("198.51.100.201")(found), 60_000);
  const wasFolded = check(!has("198.51.100.202")(report), "folded words were read");
  await page.$$eval(".message-stanza-folder", (all) => (all.at(-1) as HTMLElement | undefined)?.click());
  await lab.waitFor(key, (found) => found.state === "tagged" && has("198.51.100.202")(found), 30_000);
  await page.$$eval(".message-stanza-folder", (all) => all.at(-1)?.scrollIntoView({ block: "center" }));
  await page.screenshot({ path: join(values.out, "unfolded.png") as `${string}.png` });
  return wasFolded;
}
