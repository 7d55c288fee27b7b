// `npm run prove -- memory [--navigations 200]`: memory of the page and of the model's host before and after many route changes in one tab; with and without the extension.
import { parseArgs } from "node:util";
import type { CDPSession, Page } from "puppeteer-core";
import { startDesk } from "../../tests/desk/server.ts";
import { buildExtension } from "../build-extension.ts";
import { launch } from "../chromium.ts";

const { values } = parseArgs({ options: { navigations: { type: "string", default: "200" }, extension: { type: "string" } } });
const navigations = Number(values.navigations);
if (!(navigations >= 1)) {
  console.error("--navigations is a number from 1 on");
  process.exit(2);
}
const mostGrowthMb = 30;

const extension = values.extension ?? buildExtension("tiny");
const desk = await startDesk({ speed: "fast" });
const lab = await launch({ extension, flags: desk.chromiumFlags, headless: true });
const tickets = desk.tickets.filter(({ system }) => system === "jira");
const ticketAt = (count: number) => {
  const ticket = tickets[count % tickets.length];
  if (!ticket) throw new Error("The desk has no Jira ticket");
  return ticket;
};

const plain = await (await lab.browser.createBrowserContext()).newPage();
const without = await walk(plain, async () => undefined);
await plain.close();
const page = await lab.browser.newPage();
const tagged = (key: string) => lab.waitFor(key, ({ state }) => state === "tagged").then(() => undefined);
await page.goto(desk.urlOf(ticketAt(0)));
await tagged(ticketAt(0).key);
const target = await lab.browser.waitForTarget((one) => one.url().endsWith("/offscreen.html"));
const host = await target.asPage();
const [worker] = host.workers();
if (!worker) throw new Error("The model's host has no worker");
const hostSession = await host.createCDPSession();
const before = { document: await memoryOf(hostSession), worker: await memoryOf(worker.client) };
const withUs = await walk(page, tagged);
const after = { document: await memoryOf(hostSession), worker: await memoryOf(worker.client) };
await lab.close();
await desk.close();
const growthMb = {
  page: megabytes(withUs.after - withUs.before),
  pageWithout: megabytes(without.after - without.before),
  host: megabytes(after.document - before.document),
  worker: megabytes(after.worker - before.worker),
};
const ok = [growthMb.page, growthMb.host, growthMb.worker].every((one) => one < mostGrowthMb);
const usedMb = { page: megabytes(withUs.after), pageWithout: megabytes(without.after), worker: megabytes(after.worker) };
console.log(JSON.stringify({ proof: "memory", navigations, growthMb, usedMb, mostGrowthMb, ok }));
process.exit(ok ? 0 : 1);

/** Goes from ticket to ticket without a page load; `seen` waits until one is dealt with. */
async function walk(page: Page, seen: (key: string) => Promise<void>): Promise<{ before: number; after: number }> {
  await page.goto(desk.urlOf(ticketAt(0)));
  await page.bringToFront();
  await seen(ticketAt(0).key);
  const session = await page.createCDPSession();
  const before = await memoryOf(session);
  for (let count = 1; count <= navigations; count++) {
    const { key } = ticketAt(count);
    await page.evaluate(async (key) => {
      await window.__double?.step(`route:${key}`);
      await window.__double?.settled();
    }, key);
    await seen(key);
  }
  return { before, after: await memoryOf(session) };
}

/** Bytes of living objects, in script and in the browser's own heap behind them, and of buffers; garbage is collected before. */
async function memoryOf(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

function megabytes(bytes: number): number {
  return Number((bytes / 1e6).toFixed(2));
}
