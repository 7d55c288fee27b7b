// What the end-to-end tests share: a desk, a Chromium with a built extension, and looks at what is painted.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Page } from "puppeteer-core";
import { type Lab, launch } from "../../scripts/chromium.ts";
import type { Suggestion } from "../../shared/contract.ts";
import type { PageReport } from "../../shared/review.ts";
import { type Desk, startDesk } from "../desk/server.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";

const root = join(import.meta.dirname, "..", "..");
/** The build that is shipped, and the one with the tiny random model (quick, for everything that is not about labels). */
export const shipped = join(root, ".output", "chrome-mv3");
export const tiny = join(root, ".output", "tiny", "chrome-mv3");

export type Tagged = Extract<PageReport, { state: "tagged" }>;

export interface Bench extends Lab {
  desk: Desk;
  /** Opens a ticket and waits until it is tagged. */
  open(ticket: DeskTicket, variant?: "nav_to" | "shell" | "alone"): Promise<{ page: Page; frame: Frame; report: Tagged }>;
  tagged(key: string, timeoutMs?: number): Promise<Tagged>;
  ticket(key: string): DeskTicket;
}

/** A desk of its own, and a browser on it. @throws Error when the build is missing: `npm test` builds before it tests. */
export async function startBench(extension: string, extraFlags: string[] = []): Promise<Bench> {
  const desk = await startDesk({ speed: "fast" });
  const bench = await joinDesk(desk, extension, { flags: extraFlags });
  return {
    ...bench,
    async close() {
      await bench.close();
      await desk.close();
    },
  };
}

/** Another browser on a desk that is there: of a new person, or the one of a profile folder again. */
export async function joinDesk(
  desk: Desk,
  extension: string,
  { flags = [], profile, installed = false }: { flags?: string[]; profile?: string; installed?: boolean } = {},
): Promise<Bench> {
  if (!existsSync(extension)) throw new Error(`${extension} is missing: run \`npm run e2e\`, which builds it`);
  const lab = await launch({
    extension,
    flags: [...desk.chromiumFlags, ...flags],
    headless: true,
    installed,
    ...(profile ? { profile } : {}),
  });
  const tagged = async (key: string, timeoutMs?: number) => {
    const report = await lab.waitFor(key, ({ state }) => state === "tagged" || state === "failed" || state === "unreadable", timeoutMs);
    if (report.state !== "tagged") throw new Error(`${key}: ${JSON.stringify(report)}`);
    return report;
  };
  return {
    ...lab,
    desk,
    tagged,
    ticket(key) {
      const found = desk.tickets.find((ticket) => ticket.key === key);
      if (!found) throw new Error(`The desk has no ticket ${key}`);
      return found;
    },
    async open(ticket, variant = "nav_to") {
      const page = await lab.browser.newPage();
      await page.goto(desk.urlOf(ticket, { variant }));
      await page.bringToFront();
      const report = await tagged(ticket.key);
      const frame = page.frames().find((one) => one.name() === "gsft_main") ?? page.mainFrame();
      return { page, frame, report };
    },
  };
}

/** Text without white space, which markup between blocks has none of. */
export const bare = (text: string) => text.replace(/\s+/g, "");

export interface Painted {
  label: string;
  text: string;
  connected: boolean;
}

/** What SecTag's highlights cover in a frame, as the page itself can see it; without white space, which markup between blocks has none of. */
export function painted(frame: Frame): Promise<Painted[]> {
  return frame.evaluate(() => {
    const found: { label: string; text: string; connected: boolean }[] = [];
    for (const [name, highlight] of CSS.highlights as unknown as Map<string, Set<Range>>) {
      if (!name.startsWith("sectag-q7-")) continue;
      for (const range of highlight) {
        found.push({
          label: name.slice(10),
          text: range.toString().replace(/\s+/g, ""),
          connected: range.startContainer.isConnected,
        });
      }
    }
    return found;
  });
}

/** The quotes that must be painted, without white space: those of all blocks but the given ones (values of fields). */
export function quotes(suggestion: Suggestion, unpaintable: readonly string[] = []): string[] {
  return suggestion.blocks
    .filter((block) => !unpaintable.includes(block.id))
    .flatMap((block) => block.spans.map((span) => span.quote.replace(/\s+/g, "")))
    .sort();
}

/**
 * Waits until exactly the suggestion's spans are painted, all on living nodes: per label the painted text, in order, is the quotes' text.
 * (A span over something unread, such as a hidden copy, is painted in pieces; together they are its quote.)
 * @param unpaintable blocks whose text has no nodes: values of fields.
 */
export async function paintedEquals(
  frame: Frame,
  suggestion: () => Promise<Suggestion>,
  { unpaintable = [], timeoutMs = 10_000 }: { unpaintable?: readonly string[]; timeoutMs?: number } = {},
): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const now = await painted(frame);
    const shown = byLabel(now);
    const expected = byLabel(
      (await suggestion()).blocks
        .filter((block) => !unpaintable.includes(block.id))
        .flatMap((block) => block.spans.map(({ label, quote }) => ({ label: label.toLowerCase(), text: quote.replace(/\s+/g, "") }))),
    );
    const labels = [...new Set([...Object.keys(shown), ...Object.keys(expected)])].filter((label) => shown[label] !== expected[label]);
    if (now.every(({ connected }) => connected) && labels.length === 0) return;
    if (performance.now() > until) {
      const [label = ""] = labels;
      const [one = "", other = ""] = [shown[label], expected[label]];
      const at = [...one].findIndex((letter, index) => letter !== [...other][index]);
      const around = (text: string) => [...text].slice(Math.max(0, at - 40), at < 0 ? undefined : at + 60).join("");
      const dead = now.filter(({ connected }) => !connected).length;
      throw new Error(`${label}: painted "${around(one)}", expected "${around(other)}"; dead ranges ${dead}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function byLabel(found: readonly { label: string; text: string }[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { label, text } of found) texts[label] = (texts[label] ?? "") + text;
  return texts;
}

/** Waits until the frame is a double whose parts are all there. */
export async function settled(frame: Frame): Promise<void> {
  await frame.waitForFunction("window.__double !== undefined", { polling: 20 });
  await frame.evaluate(() => window.__double?.settled());
}

/** Lets the double do something; `command` is one of its steps. */
export async function step(frame: Frame, command: string): Promise<void> {
  await frame.evaluate(async (name) => {
    if (!window.__double) throw new Error("This page is no double of the desk");
    await window.__double.step(name);
  }, command);
}

/** Writes to host nodes that the page itself did not make, in all frames of the page. */
export async function foreignWrites(page: Page): Promise<unknown[]> {
  const found = await Promise.all(
    page
      .frames()
      .map((frame) => frame.evaluate(() => [...(window.__double?.foreignMutations() ?? []), ...(window.__double?.violations() ?? [])])),
  );
  return found.flat();
}
