// What people see when something is broken: a damaged model, a page that cannot be read. Rules still work, and nothing hangs.
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { badgeOf } from "../../extension/badge.ts";
import { chipText } from "../../shared/words.ts";
import { english } from "../extension/ui/languages.ts";
import { type Bench, painted, quotes, startBench, step, tiny } from "./lab.ts";

const folder = mkdtempSync(join(tmpdir(), "sectag-faults-"));
let bench: Bench | null = null;
afterAll(async () => {
  await bench?.close();
  rmSync(folder, { recursive: true });
});

const damages: [string, string, (model: string) => void][] = [
  ["missing", "missing", (model) => rmSync(join(model, "onnx", "model_int8.onnx"))],
  ["truncated", "truncated", (model) => truncateSync(join(model, "onnx", "model_int8.onnx"), 1000)],
  ["altered", "altered", (model) => flipByte(join(model, "onnx", "model_int8.onnx"))],
  ["without a manifest", "missing", (model) => rmSync(join(model, "manifest.json"))],
];

function flipByte(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

for (const [name, code, damage] of damages) {
  test(`a model that is ${name}: chip, popup and badge say so, and rules still find the indicators`, async () => {
    const extension = join(folder, name.replaceAll(" ", "-"));
    cpSync(tiny, extension, { recursive: true });
    damage(join(extension, "model"));
    bench = await startBench(extension);
    const [ticket] = bench.desk.tickets.filter((one) => one.system === "jira").sort((a, b) => b.highlights.length - a.highlights.length);
    if (!ticket) throw new Error("The desk has no Jira ticket");
    const { page, frame, report } = await bench.open(ticket);
    expect(report.suggestion.problem?.code).toBe(code);
    expect(report.suggestion.problem?.message.length).toBeGreaterThan(20);
    expect(report.suggestion.backend).toBe("rules");
    expect(chipText(report.suggestion)).toContain("rules only");
    expect(badgeOf(report, english).text).toBe("!");
    await step(frame, "read-all");
    const wanted = ticket.highlights.map((highlight) => highlight.replace(/\s+/g, ""));
    await bench.waitFor(
      ticket.key,
      (found) => found.state === "tagged" && wanted.every((one) => quotes(found.suggestion).some((quote) => quote.includes(one))),
    );
    expect((await painted(frame)).length).toBeGreaterThan(0);
    const popup = await bench.browser.newPage();
    const tabId = await bench.console.evaluate(async () => {
      const stored = await chrome.storage.session.get(null);
      return Object.keys(stored)
        .find((key) => key.startsWith("tab."))
        ?.slice(4);
    });
    await popup.goto(`chrome-extension://${bench.extensionId}/popup.html?tab=${tabId}`);
    await popup.waitForSelector('[role="alert"]');
    const text = await popup.$eval('[role="alert"]', (element) => element.textContent);
    expect(text).toContain(report.suggestion.problem?.message);
    await page.close();
    await bench.close();
    bench = null;
  });
}

test("a page that has a ticket's address but not its layout: the badge says so within two seconds", async () => {
  bench = await startBench(tiny);
  const page = await bench.browser.newPage();
  await page.setRequestInterception(true);
  page.on("request", (request) =>
    request.isNavigationRequest()
      ? void request.respond({ contentType: "text/html", body: "<!doctype html><title>x</title><main>A new layout</main>" })
      : void request.continue(),
  );
  const began = performance.now();
  await page.goto(`${bench.desk.jira}/browse/NEW-1`);
  const started = performance.now() - began;
  const report = await bench.waitFor("NEW-1", ({ state }) => state === "unreadable", 5000);
  // Two seconds from the page's load, and the time of one look from outside.
  expect(performance.now() - began - started).toBeLessThan(2100);
  expect(report.state === "unreadable" && report.reason).toContain("title");
  const badge = await bench.console.evaluate(async () => {
    const tabs = await chrome.tabs.query({});
    const texts = await Promise.all(tabs.map((tab) => (tab.id === undefined ? "" : chrome.action.getBadgeText({ tabId: tab.id }))));
    return texts.filter(Boolean);
  });
  expect(badge).toEqual(["–"]);
  await page.close();
});
