// `npm run prove -- screens [--lang de]`: writes every surface of the review as a picture into artifacts/screens/, light and dark, narrow and zoomed, for people to look at.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { KeyInput, Page } from "puppeteer-core";
import { v7 } from "uuid";
import type { ReviewState } from "../../shared/review.ts";
import { startDesk } from "../../tests/desk/server.ts";
import { startApi } from "../api-process.ts";
import { buildExtension } from "../build-extension.ts";
import { openCard, pressInCard } from "../card.ts";
import { launch } from "../chromium.ts";
import { pairByHand } from "../pairing.ts";
import { readExport } from "../read-export.ts";
import { until } from "../until.ts";

const { values } = parseArgs({
  options: { lang: { type: "string", default: "en" }, out: { type: "string", default: "artifacts/screens" } },
});
const out = join(values.out, values.lang);
mkdirSync(out, { recursive: true });
const extension = buildExtension();
const folder = mkdtempSync(join(tmpdir(), "sectag-screens-"));
const [desk, api] = await Promise.all([startDesk({ speed: "fast" }), startApi({ folder, env: { SECTAG_LOG: "warn" } })]);
// Chromium on Linux takes its language from the environment.
process.env.LANGUAGE = values.lang;
const start = () => launch({ extension, flags: [...desk.chromiumFlags, `--lang=${values.lang}`], headless: true });
let lab = await start();
let written = 0;
try {
  await cards();
  await surfaces();
  await leadsPanel();
  console.log(JSON.stringify({ pictures: written, folder: out, ok: true }));
} finally {
  await lab.close();
  await Promise.all([desk.close(), api.stop()]);
  rmSync(folder, { recursive: true });
}

/** The page at its size, dark, at 320 pixels, and as it is at 200 % zoom. */
async function shoot(page: Page, name: string, also: readonly ("dark" | "narrow" | "zoomed")[] = []): Promise<void> {
  const size = page.viewport() ?? { width: 1360, height: 900 };
  const take = async (suffix: string) => {
    // Two frames: one that lays out, one that has painted.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.screenshot({ path: join(out, `${name}${suffix}.png`) as `${string}.png` });
    written++;
  };
  await page.bringToFront();
  await take("");
  if (also.includes("dark")) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await take("-dark");
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  }
  if (also.includes("narrow")) {
    await page.setViewport({ width: 320, height: 640 });
    await take("-320px");
  }
  if (also.includes("zoomed")) {
    await page.setViewport({ width: Math.round(size.width / 2), height: Math.round(size.height / 2), deviceScaleFactor: 2 });
    await take("-200-percent");
  }
  await page.setViewport(size);
}

async function open(key: string): Promise<Page> {
  const ticket = desk.tickets.find((one) => one.key === key);
  if (!ticket) throw new Error(`The desk has no ticket ${key}`);
  const page = await lab.browser.newPage();
  await page.setViewport({ width: 1360, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await page.goto(desk.urlOf(ticket));
  await page.bringToFront();
  await reviewed(key);
  return page;
}
async function reviewed(key: string, wanted: (review: ReviewState) => boolean = () => true): Promise<void> {
  await lab.waitFor(key, (report) => report.state === "tagged" && report.review !== null && wanted(report.review), 60_000);
}
async function press(page: Page, ...keys: KeyInput[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

async function cards(): Promise<void> {
  const page = await open("SEC-201");
  await shoot(page, "chip", ["dark"]);
  await openCard(page);
  await shoot(page, "card-unarmed", ["dark", "narrow", "zoomed"]);
  await pressInCard(page, { selector: ".switch" });
  await reviewed("SEC-201", ({ armed }) => armed);
  await shoot(page, "card-armed", ["dark", "narrow", "zoomed"]);
  for (const [key, name] of [
    ["t", "type"],
    ["s", "severity"],
    ["e", "spans"],
  ] as const) {
    await press(page, key);
    await reviewed("SEC-201", ({ menu }) => menu === name);
    await shoot(page, `card-menu-${name}`, ["dark", "narrow", "zoomed"]);
    await press(page, "Escape");
    await reviewed("SEC-201", ({ menu }) => menu === "closed");
  }
  await press(page, "t", "4");
  await reviewed("SEC-201", ({ menu }) => menu === "severity-of-type");
  await shoot(page, "card-menu-severity-of-type");
  await press(page, "3");
  await reviewed("SEC-201", ({ news, mine }) => news.code === "saved" && mine !== null);
  await shoot(page, "card-saved-local", ["dark", "narrow"]);
  await press(page, "r");
  await reviewed("SEC-201", ({ menu }) => menu === "reason");
  await shoot(page, "card-menu-reason");
  await press(page, "1");
  await reviewed("SEC-201", ({ mine }) => mine?.reason !== null);
  await pressInCard(page, { selector: ".preview .disclosure" });
  await until("the preview", () => lab.reportOf("SEC-201"));
  await pressInCard(page, { selector: ".preview summary" });
  await shoot(page, "card-preview", ["dark", "narrow"]);
  await press(page, "Escape");
  await press(page, "t");
  await reviewed("SEC-201", ({ menu }) => menu === "type");
  await shoot(page, "quick-menu", ["dark", "narrow", "zoomed"]);
  await press(page, "Escape", "u");
  await reviewed("SEC-201", ({ news }) => news.code === "undone");
  await shoot(page, "toast-undone", ["dark"]);
  await page.close();
}

async function surfaces(): Promise<void> {
  const options = lab.console;
  await options.setViewport({ width: 900, height: 1400 });
  await shoot(options, "options-unconnected", ["dark", "narrow"]);
  await pairByHand(options, await api.pairingLink("Ana Adler", "analyst"));
  const page = await open("SEC-203");
  await press(page, "Enter");
  await reviewed("SEC-203", ({ mine }) => mine?.sync === "stored");
  await openCard(page);
  await shoot(page, "card-stored", ["dark"]);
  await rule("SEC-203");
  await syncNow();
  await reviewed("SEC-203", ({ ruling }) => ruling !== null);
  await shoot(page, "card-ruling", ["dark", "narrow"]);
  await inWindow(page, "popup", 380, 600);
  await inWindow(page, "sidepanel", 400, 900);

  await page.bringToFront();
  await api.stop();
  await press(page, "s", "4");
  await reviewed("SEC-203", ({ mine, news }) => news.code === "saved" && mine?.sync === "pending");
  await spoilOutbox();
  await api.restart();
  await syncNow();
  await reviewed("SEC-203", ({ mine }) => mine?.sync === "rejected");
  await shoot(page, "card-refused", ["dark"]);
  await shoot(options, "options-refused", ["dark", "narrow"]);
  await options.locator("section[aria-labelledby=payloads] details summary").click();
  await options.$eval("section[aria-labelledby=payloads]", (section) => section.scrollIntoView());
  await shoot(options, "options-inspector", ["dark", "narrow"]);
  await options.$eval("section[aria-labelledby=selectors]", (section) => section.scrollIntoView());
  await shoot(options, "options-selectors", ["dark", "narrow"]);

  await page.bringToFront();
  await takeStoreAway();
  await press(page, "s", "1");
  await reviewed("SEC-203", ({ news }) => news.code === "failed");
  await shoot(page, "card-failed", ["dark", "narrow"]);
}

/** What waits for a lead, in a browser that is paired as one. */
async function leadsPanel(): Promise<void> {
  await lab.close();
  lab = await start();
  await pairByHand(lab.console, await api.pairingLink("Lea Lindqvist", "lead"));
  const key = await api.key("Trainer", "service", "export");
  const waits = (key: string, reason: string) => ({ ticket: { system: "jira-cloud", key }, reason });
  await fetch(`${api.baseUrl}/v1/waiting`, {
    method: "PUT",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ tickets: [waits("SEC-205", "tied"), waits("SEC-201", "alone"), waits("SEC-207", "disputed")], more: 4 }),
  });
  const page = await open("SEC-203");
  await inWindow(page, "sidepanel", 400, 900, "lead-");
}

async function inWindow(ticketPage: Page, name: string, width: number, height: number, prefix = ""): Promise<void> {
  const stored: Record<string, unknown> = await lab.console.evaluate(() => chrome.storage.session.get(null));
  const tab = Object.keys(stored).find((id) => id.startsWith("tab."));
  const surface = await lab.browser.newPage();
  await surface.setViewport({ width, height });
  await surface.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await surface.goto(`chrome-extension://${lab.extensionId}/${name}.html?tab=${tab?.slice(4)}`);
  await surface.waitForSelector(".review .switch");
  if (prefix) await surface.locator("details.queue summary").click();
  await shoot(surface, prefix + name, ["dark", "narrow"]);
  if (!prefix) {
    await surface.keyboard.press("t");
    await surface.waitForSelector(".review-menu");
    await shoot(surface, `${name}-menu`);
    await surface.keyboard.press("Escape");
    await surface.waitForSelector(".review-menu", { hidden: true });
  }
  await surface.close();
  await ticketPage.bringToFront();
}

async function syncNow(): Promise<void> {
  await lab.console.bringToFront();
  await lab.console.click("section[aria-labelledby=sync] > button");
}

/** A lead says something else about the ticket. */
async function rule(key: string): Promise<void> {
  const rows = await readExport(api.baseUrl, await api.key("Trainer", "service", "export"));
  const about = rows.find(({ decision }) => decision.ticket.key === key)?.decision;
  if (!about) throw new Error(`The server has no decision about ${key}`);
  const decision = { ...about, id: v7(), verdict: "correct", final: { threatType: "malware", severity: "critical", spans: [] } };
  await fetch(`${api.baseUrl}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${await api.key("Lea Lindqvist", "lead", "review", "lead")}`, "content-type": "application/json" },
    body: JSON.stringify({ events: [decision] }),
  });
}

/** Makes what waits into something that no server takes. */
async function spoilOutbox(): Promise<void> {
  await lab.console.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open("sectag-reviews");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const transaction = db.transaction("outbox", "readwrite");
    const rows = transaction.objectStore("outbox").openCursor();
    rows.onsuccess = () => {
      const cursor = rows.result;
      if (!cursor) return;
      cursor.update({ ...cursor.value, decision: { ...cursor.value.decision, labelsVersion: 0 } });
      cursor.continue();
    };
    await new Promise((resolve) => transaction.addEventListener("complete", resolve));
    db.close();
  });
}

/** As a newer version of the extension in another profile folder would: the database is of another version from now on. */
async function takeStoreAway(): Promise<void> {
  await lab.console.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("sectag-reviews", 10_000);
        request.onsuccess = () => resolve(request.result.close());
        request.onerror = () => reject(request.error);
      }),
  );
}
