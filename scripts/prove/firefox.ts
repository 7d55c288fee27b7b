// `npm run prove -- firefox`: the core of the work in Firefox: ticket open, right tag, exactly the right words painted, accepted by key, row in IndexedDB.
import type { KeyInput } from "puppeteer-core";
import { tagText } from "../../shared/words.ts";
import { startDesk } from "../../tests/desk/server.ts";
import { bare, foreignWrites, paintedEquals, quotes } from "../../tests/e2e/lab.ts";
import { decisionsOf, says, waitReview } from "../../tests/e2e/reviewing.ts";
import { buildExtension } from "../build-extension.ts";
import { launchFirefox } from "../firefox.ts";

const extension = buildExtension("stable", "firefox");
const desk = await startDesk({ speed: "fast" });
const lab = await launchFirefox(extension, desk);
console.log(`${lab.version}: two tickets`);
const done: Record<string, unknown>[] = [];
let fault = "";
try {
  for (const [key, expected] of [
    ["SEC-201", "phishing"],
    ["INC0010021", "ransomware"],
  ] as const) {
    done.push(await work(key, expected));
    console.log(JSON.stringify(done.at(-1)));
  }
} catch (error) {
  fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(fault);
}
const engine = await lab.console.evaluate(() => chrome.storage.session.get("engine.status")).catch(() => null);
const refused = [...lab.refused].sort();
await lab.close();
await desk.close();
const ok = !fault && done.length === 2 && desk.reports.length === 0;
console.log(
  JSON.stringify({ proof: "firefox", version: lab.version, tickets: done, engine, refused, cspReports: desk.reports.length, fault, ok }),
);
process.exit(ok ? 0 : 1);

/** Opens the ticket, looks at tag and paint, agrees by one key, and finds the row. @throws Error that says what is not as in Chromium. */
async function work(key: string, expected: string) {
  const ticket = desk.tickets.find((one) => one.key === key);
  if (!ticket) throw new Error(`The desk has no ticket ${key}`);
  const page = await lab.browser.newPage();
  await page.goto(desk.urlOf(ticket));
  await page.bringToFront();
  await waitReview(lab, key, () => true, 90_000);
  const wanted = ticket.highlights.map(bare);
  const tagged = async () => {
    const report = await lab.waitFor(
      key,
      (found) => found.state === "tagged" && wanted.every((one) => quotes(found.suggestion).includes(one)),
      90_000,
    );
    if (report.state !== "tagged") throw new Error(`${key}: ${report.state}`);
    return report.suggestion;
  };
  const frame = page.frames().find((one) => one.url().includes("/incident.do")) ?? page.mainFrame();
  if (ticket.system === "jira") await frame.evaluate(() => window.__double?.step("read-all"));
  const suggestion = await tagged();
  if (suggestion.threatType !== expected) throw new Error(`${key}: tagged ${tagText(suggestion)}, expected ${expected}`);
  await paintedEquals(frame, tagged, { unpaintable: ticket.system === "servicenow" ? ["title", "description"] : [] });
  await arm(key);
  await page.bringToFront();
  if (ticket.system === "servicenow") await frame.click(".navbar-title");
  const { keys } = await waitReview(lab, key, ({ armed }) => armed);
  await page.keyboard.press(keys.accept as KeyInput);
  await waitReview(lab, key, says(tagText(suggestion)));
  const [decision, ...others] = await decisionsOf(lab, key);
  if (!decision || others.length > 0) throw new Error(`${key}: ${others.length + (decision ? 1 : 0)} decisions are stored`);
  const writes = await foreignWrites(page);
  if (writes.length > 0) throw new Error(`${key}: host nodes were written: ${JSON.stringify(writes[0])}`);
  await page.close();
  const { verdict, final } = decision;
  return {
    key,
    tag: tagText(suggestion),
    spans: quotes(suggestion).length,
    verdict,
    stored: final && tagText(final),
    hostWrites: writes.length,
  };
}

/** Switches review mode on in the popup, opened as a page: nobody sees into the card's closed root by WebDriver. */
async function arm(key: string): Promise<void> {
  if ((await waitReview(lab, key)).armed) return;
  const stored: Record<string, unknown> = await lab.console.evaluate(() => chrome.storage.session.get(null));
  const tab = Object.entries(stored).find(([id, value]) => id.startsWith("tab.") && JSON.stringify(value).includes(`"key":"${key}"`));
  if (!tab) throw new Error(`No tab shows ${key}`);
  const popup = await lab.openOwn(`popup.html?tab=${tab[0].slice(4)}`);
  await popup.waitForSelector(".review .switch");
  await popup.click(".review .switch");
  await waitReview(lab, key, ({ armed }) => armed);
  await popup.close();
}
