// Every surface looked at: accessibility by axe (chip, card, popup, options), and the screenshots that the README shows.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardHandles, inCard, openCard } from "../../scripts/card.ts";
import { type Bench, shipped, startBench } from "./lab.ts";
import { waitReview } from "./reviewing.ts";

const shots = join(import.meta.dirname, "..", "..", "artifacts", "surfaces");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let bench: Bench;
beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  bench = await startBench(process.env.SECTAG_E2E_BUILD ?? shipped);
});
afterAll(() => bench?.close());

interface Violation {
  id: string;
  impact?: string | null;
  nodes: unknown;
}
const serious = (violations: readonly Violation[]) =>
  violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id} ${JSON.stringify(nodes).slice(0, 300)}`);

/** Runs axe inside the card; its shadow root is made visible to axe for the time of the test. */
async function axeOnCard(page: Page): Promise<{ violations: Violation[]; seen: string }> {
  const session = await page.createCDPSession();
  const handles = await cardHandles(session);
  if (!handles) throw new Error("The card is not on the page");
  const { root: objectId, host: hostId } = handles;
  await session.send("Runtime.callFunctionOn", { objectId, functionDeclaration: `function () { ${axeSource}; }` });
  const { result, exceptionDetails } = await session.send("Runtime.callFunctionOn", {
    objectId: hostId,
    arguments: [{ objectId }],
    awaitPromise: true,
    returnByValue: true,
    functionDeclaration: `async function (root) {
      Object.defineProperty(this, "shadowRoot", { value: root, configurable: true });
      try { return await axe.run(this).then(({ violations, passes }) => ({
        violations: violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => node.html) })),
        seen: passes.flatMap(({ nodes }) => nodes.map((node) => node.html)).join(" "),
      })); }
      finally { delete this.shadowRoot; }
    }`,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value as { violations: Violation[]; seen: string };
}

const subjects = () => {
  const jira =
    bench.desk.tickets.find((ticket) => ticket.system === "jira" && ticket.expect.threatType === "phishing") ?? bench.desk.tickets[0];
  const serviceNow =
    bench.desk.tickets.find((ticket) => ticket.system === "servicenow" && ticket.expect.threatType === "ransomware") ??
    bench.desk.tickets.at(-1);
  if (!jira || !serviceNow) throw new Error("The desk has no tickets");
  return { jira, serviceNow };
};

for (const scheme of ["light", "dark"] as const) {
  test(`chip and card on both doubles, ${scheme}: axe finds nothing serious`, async () => {
    for (const [name, ticket] of Object.entries(subjects())) {
      const { page } = await bench.open(ticket);
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.screenshot({ path: join(shots, `${name}-chip-${scheme}.png`) as `${string}.png` });
      await openCard(page);
      await page.screenshot({ path: join(shots, `${name}-card-${scheme}.png`) as `${string}.png` });
      const { violations, seen } = await axeOnCard(page);
      // Axe must have seen inside the closed root, or its silence would say nothing.
      expect(seen).toContain("chip-button");
      expect(seen).toContain("findings");
      expect(serious(violations)).toEqual([]);
      await page.close();
    }
  });

  test(`popup, side panel and options, ${scheme}: axe finds nothing serious`, async () => {
    const { page } = await bench.open(subjects().jira);
    await waitReview(bench, subjects().jira.key);
    const tabId = await bench.console.evaluate(async () =>
      Object.keys(await chrome.storage.session.get(null))
        .find((key) => key.startsWith("tab."))
        ?.slice(4),
    );
    for (const [name, address, width] of [
      ["popup", `popup.html?tab=${tabId}`, 380],
      ["sidepanel", `sidepanel.html?tab=${tabId}`, 400],
      ["options", "options.html", 900],
      ["options-narrow", "options.html", 340],
    ] as const) {
      const surface = await bench.browser.newPage();
      await surface.setViewport({ width, height: 760 });
      await surface.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await surface.goto(`chrome-extension://${bench.extensionId}/${address}`);
      await surface.waitForSelector(name.startsWith("options") ? ".facts" : ".review .switch");
      await surface.screenshot({ path: join(shots, `${name}-${scheme}.png`) as `${string}.png` });
      await surface.evaluate(axeSource);
      const violations = await surface.evaluate("axe.run().then(({ violations }) => violations)");
      expect(serious(violations as Violation[]), name).toEqual([]);
      await surface.close();
    }
    await page.close();
  });
}

test("the card at 200 % zoom and in a narrow window stays whole", async () => {
  const { page } = await bench.open(subjects().jira);
  await openCard(page);
  await page.setViewport({ width: 680, height: 450, deviceScaleFactor: 2 });
  await page.screenshot({ path: join(shots, "card-zoomed.png") as `${string}.png` });
  const distances = await inCard(page, (root) => {
    const box = root.querySelector(".card")?.getBoundingClientRect();
    return box ? { top: box.top, left: box.left, right: innerWidth - box.right } : {};
  });
  expect(Object.keys(distances ?? {})).toHaveLength(3);
  for (const [edge, distance] of Object.entries(distances ?? {})) expect(distance, edge).toBeGreaterThanOrEqual(0);
  await page.close();
});

test("keys pressed on the chip never reach the page's own shortcuts", async () => {
  const { page } = await bench.open(subjects().jira);
  await page.evaluate(() => {
    const heard: string[] = [];
    for (const name of ["keydown", "keyup", "keypress"]) addEventListener(name, (event) => heard.push((event as KeyboardEvent).key));
    Object.assign(window, { heardKeys: heard });
  });
  await inCard(page, (root) => root.querySelector<HTMLElement>(".chip-button")?.focus());
  await page.keyboard.press("m");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => (window as unknown as { heardKeys: string[] }).heardKeys)).toEqual([]);
  await page.close();
});
