// `npm start -- --headless`: opens each practice ticket, prints what the extension says, and accepts or corrects it by keyboard.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Page } from "puppeteer-core";
import type { Suggestion } from "../shared/contract.ts";
import type { PageReport, ReviewState } from "../shared/review.ts";
import { chipText, tagText } from "../shared/words.ts";
import type { Desk } from "../tests/desk/server.ts";
import type { DeskTicket } from "../tests/desk/ticket-shape.ts";
import { openCard, pressInCard } from "./card.ts";
import type { Lab } from "./chromium.ts";
import { keysFor } from "./decision-keys.ts";

export interface Walked {
  tickets: number;
  unread: number;
  typeRight: number;
  medianModelMs: number;
  accepted: number;
  corrected: number;
}

/** Prints a line a ticket and writes a screenshot of each into `out`. */
export async function walk(desk: Desk, lab: Lab, out: string): Promise<Walked> {
  mkdirSync(out, { recursive: true });
  const walked = { tickets: desk.tickets.length, unread: 0, typeRight: 0, accepted: 0, corrected: 0 };
  const times: number[] = [];
  console.log(
    `\n${"ticket".padEnd(12)}${"tag and confidence".padEnd(46)}${"expected".padEnd(28)}${"spans".padStart(6)}${"model ms".padStart(10)}${"seen ms".padStart(9)}  decided by`,
  );
  for (const ticket of desk.tickets) {
    const page = await lab.browser.newPage();
    try {
      await page.goto(desk.urlOf(ticket));
      await page.bringToFront();
      const began = performance.now();
      const report = await lab.waitFor(ticket.key, (found) => ["tagged", "unreadable", "failed"].includes(found.state));
      const seen = performance.now() - began;
      if (report.state !== "tagged" || report.suggestion.problem) {
        walked.unread++;
        console.log(`${ticket.key.padEnd(12)}${reasonOf(report)}`);
        continue;
      }
      const { suggestion } = report;
      times.push(suggestion.tookMs);
      if (suggestion.threatType === ticket.expect.threatType) walked.typeRight++;
      await page.screenshot({ path: join(out, `${ticket.key}.png`) as `${string}.png` });
      const { keys, agrees } = await decide(lab, page, ticket);
      walked[agrees ? "accepted" : "corrected"]++;
      console.log(`${line(ticket, suggestion, seen)}  ${keys.join(" ")}`);
    } catch (error) {
      walked.unread++;
      console.log(`${ticket.key.padEnd(12)}not read or not decided: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await page.close();
    }
  }
  times.sort((a, b) => a - b);
  console.log(`\nScreenshots: ${out}/`);
  return { ...walked, medianModelMs: Math.round(times[times.length >> 1] ?? 0) };
}

/** Makes the expected tag of the proposed one, by the fewest keys, and waits until it is saved. */
async function decide(lab: Lab, page: Page, ticket: DeskTicket) {
  const before = await review(lab, ticket.key, () => true);
  if (!before.state.armed) {
    await openCard(page);
    await pressInCard(page, { selector: ".switch" });
    await review(lab, ticket.key, ({ armed }) => armed);
    await page.keyboard.press("Escape");
  }
  const made = keysFor(before.suggestion, ticket.expect, before.state.keys);
  for (const key of made.keys) await page.keyboard.press(key as "Enter");
  await review(lab, ticket.key, ({ mine, news }) => mine !== null && news.code === "saved");
  return made;
}

async function review(lab: Lab, key: string, wanted: (state: ReviewState) => boolean) {
  const report = await lab.waitFor(key, (found) => found.state === "tagged" && found.review !== null && wanted(found.review), 10_000);
  if (report.state !== "tagged" || !report.review) throw new Error(`${key} has no review`);
  return { state: report.review, suggestion: report.suggestion };
}

function line(ticket: DeskTicket, suggestion: Suggestion, seenMs: number): string {
  const spans = suggestion.blocks.reduce((sum, block) => sum + block.spans.length, 0);
  const hit = suggestion.threatType === ticket.expect.threatType;
  return [
    ticket.key.padEnd(12),
    chipText(suggestion).padEnd(46),
    `${hit ? "" : "(!) "}${tagText(ticket.expect)}`.padEnd(28),
    String(spans).padStart(6),
    suggestion.tookMs.toFixed(0).padStart(10),
    seenMs.toFixed(0).padStart(9),
  ].join("");
}

function reasonOf(report: PageReport): string {
  if (report.state === "tagged") return `rules only: ${report.suggestion.problem?.message ?? ""}`;
  return "reason" in report ? `${report.state}: ${report.reason}` : report.state;
}
