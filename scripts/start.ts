// `npm start`: builds the extension, serves the practice desk, opens Chromium on it. `-- --headless` walks the queue, prints each answer, takes screenshots.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { PageReport } from "../shared/review.ts";
import { chipText, tagText } from "../shared/words.ts";
import { type Desk, startDesk } from "../tests/desk/server.ts";
import { type Lab, launch } from "./chromium.ts";

const { values } = parseArgs({
  options: {
    headless: { type: "boolean", default: false },
    /** Folder for the screenshots of a headless walk. */
    out: { type: "string", default: "artifacts/practice-desk" },
  },
});
const extension = join(import.meta.dirname, "..", ".output", "chrome-mv3");

if (!values.headless && process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
  console.error("There is no display for a browser window. Run `npm start -- --headless`, or start again on a desktop.");
  process.exit(1);
}

console.log("Building the extension ...");
const build = spawnSync("wxt", ["build"], { encoding: "utf8" });
if (build.status !== 0) {
  console.error(
    `${build.stdout ?? ""}\n${build.stderr ?? ""}\nThe build failed: ${build.error?.message ?? "what is above says why"}. Start it by \`npm start\`.`,
  );
  process.exit(1);
}

const desk = await startDesk();
const lab = await launch({ extension, flags: desk.chromiumFlags, headless: values.headless });
const code = values.headless ? await walk(desk, lab, values.out) : await show(desk, lab);
await desk.close();
process.exit(code);

/** Opens the two queues for a person, until the browser is closed. */
async function show(desk: Desk, lab: Lab): Promise<number> {
  for (const address of [desk.serviceNow, desk.jira]) await (await lab.browser.newPage()).goto(`${address}/`);
  await lab.console.close();
  console.log(
    `\nThe practice desk is open in Chromium, with ${desk.tickets.length} tickets in two queues:\n  ${desk.jira}/\n  ${desk.serviceNow}/`,
  );
  console.log("Open a ticket: the chip in the lower right corner says its tag; press it to see why. Close the browser to end.");
  await new Promise<void>((resolve) => lab.browser.once("disconnected", () => resolve()));
  return 0;
}

/** Opens each ticket once; prints what the extension says. @returns 0 when every ticket could be read. */
async function walk(desk: Desk, lab: Lab, out: string): Promise<number> {
  mkdirSync(out, { recursive: true });
  let unread = 0;
  let right = 0;
  const times: number[] = [];
  console.log(
    `\n${"ticket".padEnd(12)}${"tag and confidence".padEnd(46)}${"expected".padEnd(28)}${"spans".padStart(6)}${"model ms".padStart(10)}${"seen ms".padStart(9)}`,
  );
  for (const ticket of desk.tickets) {
    const page = await lab.browser.newPage();
    try {
      await page.goto(desk.urlOf(ticket));
      const began = performance.now();
      const report = await lab.waitFor(ticket.key, (found) => ["tagged", "unreadable", "failed"].includes(found.state));
      const seen = performance.now() - began;
      if (report.state !== "tagged" || report.suggestion.problem) {
        unread++;
        console.log(`${ticket.key.padEnd(12)}${reasonOf(report)}`);
        continue;
      }
      const { suggestion } = report;
      const spans = suggestion.blocks.reduce((sum, block) => sum + block.spans.length, 0);
      const expected = tagText(ticket.expect);
      const hit = suggestion.threatType === ticket.expect.threatType;
      if (hit) right++;
      times.push(suggestion.tookMs);
      console.log(
        `${ticket.key.padEnd(12)}${chipText(suggestion).padEnd(46)}${`${hit ? "" : "(!) "}${expected}`.padEnd(28)}${String(spans).padStart(6)}${suggestion.tookMs.toFixed(0).padStart(10)}${seen.toFixed(0).padStart(9)}`,
      );
      await page.bringToFront();
      await page.screenshot({ path: join(out, `${ticket.key}.png`) as `${string}.png` });
    } catch (error) {
      unread++;
      console.log(`${ticket.key.padEnd(12)}not read: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await page.close();
    }
  }
  await lab.close();
  times.sort((a, b) => a - b);
  console.log(`\nScreenshots: ${out}/`);
  const summary = {
    tickets: desk.tickets.length,
    unread,
    typeRight: right,
    medianModelMs: Math.round(times[times.length >> 1] ?? 0),
    ok: unread === 0,
  };
  console.log(JSON.stringify(summary));
  return unread === 0 ? 0 : 1;
}

function reasonOf(report: PageReport): string {
  if (report.state === "tagged") return `rules only: ${report.suggestion.problem?.message ?? ""}`;
  return "reason" in report ? `${report.state}: ${report.reason}` : report.state;
}
