// Workbox in the extension's background: a lead's list is there also while the API is down, and a model file is fetched by its hash once.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../scripts/until.ts";
import { extensionOrigin } from "../../shared/extension-id.ts";
import { type Bench, startBench, tiny } from "./lab.ts";
import { pressOptions } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

let bench: Bench;
let team: Team;
/** Opened when the background is there: pages that were there before it are not its own until they are loaded again. */
let page: Page;
beforeAll(async () => {
  [bench, team] = await Promise.all([startBench(tiny), startTeam()]);
  page = await bench.browser.newPage();
  await page.goto(`${extensionOrigin}/options.html`);
});
afterAll(async () => {
  await bench?.close();
  await team?.close();
});

const queues = (panel: Page) => panel.$$eval("details.queue", (lists) => lists.map(({ textContent }) => textContent).join("\n"));

/** As the extension's pages read; null when nobody answers. */
function readAs(key: string): Promise<unknown> {
  return page.evaluate(async (key) => {
    const { connection } = await chrome.storage.local.get<{ connection: { baseUrl: string; key: string } }>("connection");
    const headers = { authorization: `Bearer ${key || connection.key}` };
    const answer = await fetch(`${connection.baseUrl}/v1/waiting`, { headers }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }, key);
}

test("a lead's list is shown at once, anew when it has changed, and while the API is down; nobody else sees anything of it", async () => {
  await team.pair(bench, undefined, "lead");
  const waits = (...keys: string[]) =>
    team.hold({ tickets: keys.map((key) => ({ ticket: { system: "jira-cloud", key }, reason: "alone" })), more: 0 });
  await waits("SEC-201");
  const panel = await bench.browser.newPage();
  await panel.goto(`${extensionOrigin}/sidepanel.html`);
  await until("one ticket", async () => (await queues(panel)).includes("1 ticket waits for your ruling"));
  await until("the cache", async () => (await cachedUrls()).length === 1);

  await waits("SEC-201", "SEC-202");
  await panel.reload();
  await until("both tickets", async () => (await queues(panel)).includes("2 tickets wait for your ruling"));

  await team.api.stop();
  await panel.reload();
  await until("both tickets without a server", async () => (await queues(panel)).includes("SEC-202"));
  expect(await readAs("")).toMatchObject({ tickets: [{}, {}] });
  expect(await readAs("another-key-of-somebody-else")).toBeNull();

  await pressOptions(bench, "connection");
  await bench.console.waitForSelector("form.pair");
  await until("an empty cache", async () => (await cachedUrls()).length === 0);
  await until("an empty list", async () => (await queues(panel)) === "");
  await panel.close();
});

function cachedUrls(): Promise<string[]> {
  return bench.console.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("sectag-"));
    const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return keys.flat().map(({ url }) => new URL(url).pathname);
  });
}

test("a model file that is named by its hash is fetched once", async () => {
  const file = JSON.stringify({ weights: "of a model" });
  const path = `/v1/models/files/${createHash("sha256").update(file).digest("hex")}`;
  let asked = 0;
  const server: Server = createServer((_request, response) => {
    asked++;
    response.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": extensionOrigin }).end(file);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const address = server.address();
    const base = typeof address === "object" && address ? `http://127.0.0.1:${address.port}` : "";
    const fetched = () => page.evaluate((url) => fetch(url, { cache: "no-store" }).then((answer) => answer.text()), base + path);
    expect(await fetched()).toBe(file);
    await until("the cache", async () => (await cachedUrls()).includes(path));
    server.closeAllConnections();
    expect(await fetched()).toBe(file);
    expect(asked).toBe(1);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
