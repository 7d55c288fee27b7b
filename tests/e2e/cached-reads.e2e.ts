// Workbox in the extension's background: its pages read labels also while the API is down, and fetch a model file by its hash once.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../scripts/until.ts";
import { Me, TicketLabel } from "../../shared/decisions.ts";
import { extensionOrigin } from "../../shared/extension-id.ts";
import { type Bench, startBench, tiny } from "./lab.ts";
import { arm, keysOf, press, pressOptions, waitReview } from "./reviewing.ts";
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

/** As the extension's pages read; null when nobody answers. */
function read(path: string): Promise<unknown> {
  return page.evaluate(async (path) => {
    const { connection } = await chrome.storage.local.get<{ connection: { baseUrl: string; key: string } }>("connection");
    const headers = { authorization: `Bearer ${connection.key}` };
    const answer = await fetch(connection.baseUrl + path, { headers }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }, path);
}

test("who one is and what the team says of a ticket can be read again while the API is down; another person sees nothing of it", async () => {
  await team.pair(bench);
  const ticket = bench.ticket("SEC-201");
  const { page: tab } = await bench.open(ticket);
  await arm(bench, tab, ticket.key);
  await press(tab, ...keysOf("phishing_high"));
  await waitReview(bench, ticket.key, ({ mine }) => mine?.sync === "stored");
  const id = createHash("sha256").update(`jira-cloud\n${ticket.key}`).digest("hex");
  const paths = ["/v1/me", `/v1/tickets/${id}`];
  const online = [Me.parse(await read(paths[0] ?? "")), TicketLabel.parse(await read(paths[1] ?? ""))];
  expect(online[1]).toMatchObject({ final: { threatType: "phishing", severity: "high" } });
  await until("the cache", async () => (await cachedUrls()).length === 2);

  await team.api.stop();
  for (const [index, path] of paths.entries()) expect(await read(path), path).toEqual(online[index]);
  expect(await read("/v1/tickets")).toBeNull();

  await pressOptions(bench, "connection");
  await bench.console.waitForSelector("form.pair");
  await until("an empty cache", async () => (await cachedUrls()).length === 0);
  await tab.close();
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
