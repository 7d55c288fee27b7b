// What the tests of the Jira doubles share: the hash of a ticket's exact text, and looks at what is painted where.
import { createHash } from "node:crypto";
import type { Frame, Page } from "puppeteer-core";
import { expect } from "vitest";
import type { Suggestion } from "../../shared/contract.ts";
import { markupText, parseMarkup } from "../desk/markup.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import { shownTexts } from "../desk/tickets.ts";
import { type Bench, bare, painted, paintedEquals, quotes, settled, type Tagged } from "./lab.ts";
import { arm, keysOf, press, says, storeRows, waitReview } from "./reviewing.ts";

/**
 * What the suggestion's `contentHash` must be when title, description and comments were read exactly as a person sees them.
 * @param cell between cells of a table: Jira Cloud has a paragraph in each, Data Center has the words alone.
 */
export function textHash(ticket: DeskTicket, cell: "\n" | "\t"): string {
  const shown = (text: string) => markupText(parseMarkup(text), cell);
  const comments = ticket.comments.map(({ text }) => ["comment", shown(text)]);
  const blocks = [["title", ticket.title], ["description", shown(ticket.description)], ...comments];
  return createHash("sha256").update(JSON.stringify(blocks)).digest("hex");
}

export const jiraTickets = (bench: Bench, project = ""): DeskTicket[] =>
  bench.desk.tickets.filter((ticket) => ticket.system === "jira" && ticket.key.startsWith(project));

/** Opens a page of a double, in front, with all of its parts. */
export async function openSettled(bench: Bench, url: string): Promise<{ page: Page; frame: Frame }> {
  const page = await bench.browser.newPage();
  await page.goto(url);
  await page.bringToFront();
  const frame = page.mainFrame();
  await settled(frame);
  return { page, frame };
}

/** What of a suggestion can be painted: not the comments that are not drawn now, and not emoji that are pictures. They count all the same. */
export async function drawn(frame: Frame, suggestion: Suggestion): Promise<Suggestion> {
  const shells = await frame.$$eval('[data-testid^="comment-base-item-"]', (all) =>
    all.filter((shell) => !shell.firstChild).map((shell) => shell.getAttribute("data-testid")),
  );
  const pictures = await frame.$$eval("img[alt]", (all) => all.map((image) => image.getAttribute("alt") ?? "").filter(Boolean));
  const paintable = (quote: string) => pictures.reduce((text, picture) => text.replaceAll(picture, ""), quote);
  const blocks = suggestion.blocks
    .filter(({ id }) => !shells.includes(id))
    .map((block) => ({ ...block, spans: block.spans.map((span) => ({ ...span, quote: paintable(span.quote) })) }));
  return { ...suggestion, blocks };
}

/** Waits for the ticket's tag with the indicators of its title and description, painted, and none of another ticket's. */
export async function rightTicket(bench: Bench, frame: Frame, ticket: DeskTicket): Promise<Tagged> {
  const [title = "", description = ""] = shownTexts(ticket);
  const own = ticket.highlights.map(bare).filter((word) => bare(title + description).includes(word));
  await bench.waitFor(ticket.key, (found) => found.state === "tagged" && own.every((word) => quotes(found.suggestion).includes(word)));
  await paintedEquals(frame, async () => drawn(frame, (await bench.tagged(ticket.key)).suggestion));
  const ownText = bare(shownTexts(ticket).join(" "));
  const strangers = jiraTickets(bench)
    .flatMap(({ highlights }) => highlights.map(bare))
    .filter((word) => !ownText.includes(word));
  const foreign = (await painted(frame)).filter(({ text }) => strangers.includes(text));
  expect(foreign, ticket.key).toEqual([]);
  return bench.tagged(ticket.key);
}

/** How many painted ranges stand outside of what `selector` finds. */
export function paintedOutside(frame: Frame, selector: string): Promise<number> {
  return frame.evaluate((inside) => {
    let outside = 0;
    for (const [name, highlight] of CSS.highlights as unknown as Map<string, Set<Range>>) {
      if (!name.startsWith("sectag-q7-")) continue;
      for (const range of highlight) if (!range.startContainer.parentElement?.closest(inside)) outside += 1;
    }
    return outside;
  }, selector);
}

/** Decides on the ticket by keys, and looks at what would leave the machine: all but the work notes, whose words are nowhere in it. */
export async function decidesWithoutNotes(bench: Bench, page: Page, ticket: DeskTicket): Promise<void> {
  await arm(bench, page, ticket.key);
  await press(page, ...keysOf("malware_low"));
  await waitReview(bench, ticket.key, says("malware_low"));
  const notes = ticket.comments.filter(({ kind }) => kind === "work note");
  expect(notes.length).toBeGreaterThan(0);
  const decision = (await storeRows(bench)).outbox.map((row) => row.decision).find((one) => one.ticket.key === ticket.key);
  expect(decision?.omitted.blocks).toBe(notes.length);
  expect(decision?.blocks).toHaveLength(2 + ticket.comments.length - notes.length);
  for (const { text } of notes) expect(bare(JSON.stringify(decision))).not.toContain(bare(text).slice(0, 40));
}
