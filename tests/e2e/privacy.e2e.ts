// What leaves the machine, by Chromium's own network log: nothing but the desk before a server is connected; then that server alone.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { until } from "../../scripts/until.ts";
import { type Gate, openGate } from "./gate.ts";
import { type Bench, startBench, tiny } from "./lab.ts";
import { arm, keysOf, press, says, waitReview } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

const folder = mkdtempSync(join(tmpdir(), "sectag-netlog-"));
const log = join(folder, "net.json");
let bench: Bench | null = null;
let team: Team | null = null;
let gate: Gate | null = null;
afterEach(async () => {
  await bench?.close();
  await gate?.close();
  await team?.close();
  bench = team = gate = null;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Hosts that Chromium itself asks at start; the lab's flags let none of them resolve, or lead them to a port where nobody listens. */
const browserOwn = /(^|\.)(google\.com|googleapis\.com|gstatic\.com|gvt1\.com)$|^127\.0\.0\.1:9$/;

const openLogged = () =>
  startBench(process.env.SECTAG_E2E_BUILD ?? tiny, [`--log-net-log=${log}`, "--net-log-capture-mode=IncludeSensitive"]);

/** Opens eight tickets, and decides about every other one by keyboard. */
async function work(on: Bench): Promise<void> {
  const of = (system: string) => on.desk.tickets.filter((ticket) => ticket.system === system).slice(0, 4);
  for (const [index, ticket] of [...of("jira"), ...of("servicenow")].entries()) {
    const { page, frame } = await on.open(ticket);
    if (index % 2 === 0) {
      await arm(on, page, ticket.key);
      if (ticket.system === "servicenow") await frame.click(".navbar-title");
      await press(page, ...keysOf("phishing_high"));
      await waitReview(on, ticket.key, says("phishing_high"));
    }
    await page.close();
  }
}

/** Closes the browser, which ends the log. @returns the addresses outside the desk, uploads to it, and words of tickets in it. */
async function readLog(on: Bench) {
  const { jira, serviceNow, tickets } = on.desk;
  await on.close();
  bench = null;
  const text = readFileSync(log, "utf8");
  const urls = [...new Set([...text.matchAll(/"url":"([^"]+)"/g)].map((match) => match[1] ?? ""))].flatMap((address) => {
    const url = URL.parse(address);
    return url && ["http:", "https:", "ws:", "wss:"].includes(url.protocol) ? [url] : [];
  });
  expect(urls.length).toBeGreaterThan(5);
  const words = tickets.flatMap((ticket) => [ticket.title, ...ticket.highlights]).filter((word) => word.length > 8);
  return {
    others: urls.filter((url) => url.origin !== jira && url.origin !== serviceNow && !browserOwn.test(url.host)),
    uploads: [...text.matchAll(/"method":"(POST|PUT|PATCH)"[^}]*"url":"([^"]+)"/g)].filter((match) =>
      /atlassian|service-now/.test(match[2] ?? ""),
    ),
    words: words.filter((word) => text.includes(word) || text.includes(encodeURIComponent(word))),
  };
}

test("without a server the log has the desk's hosts and the extension's own files, no upload, no ticket text, also after decisions", async () => {
  bench = await openLogged();
  await work(bench);
  const { others, uploads, words } = await readLog(bench);
  expect({ others: others.map(String), uploads, words }).toEqual({ others: [], uploads: [], words: [] });
});

test("with a server the log has it beside the desk, and nobody else; no address or body holds an account or a token of a ticket", async () => {
  [bench, team] = await Promise.all([openLogged(), startTeam()]);
  gate = await openGate(team.api.baseUrl);
  await team.pair(bench, gate.baseUrl);
  await work(bench);
  await until("four decisions on the server", async () => (await team?.stored())?.length === 4);
  const { baseUrl, bodies } = gate;
  const tickets = bench.desk.tickets;
  const { others, uploads, words } = await readLog(bench);
  expect(others.filter(({ origin }) => origin !== baseUrl).map(String)).toEqual([]);
  expect([...new Set(others.map(({ pathname }) => pathname))].sort()).toEqual([
    "/v1/events",
    "/v1/models/channels/stable",
    "/v1/pair",
    "/v1/selectors/stable",
  ]);
  expect({ uploads, words }).toEqual({ uploads: [], words: [] });
  const texts = tickets.flatMap(({ title, description, comments }) => [title, description, ...comments.map((comment) => comment.text)]);
  const secrets = texts.flatMap((text) => text.match(/[\w.+-]+@[\w-]+(\.[\w-]+)+|\beyJ[\w-]+\.[\w-]+|\bAKIA[0-9A-Z]{16}\b/g) ?? []);
  expect(secrets.length).toBeGreaterThan(5);
  expect(bodies.length).toBeGreaterThan(1);
  expect(secrets.filter((secret) => bodies.some((body) => body.includes(secret)))).toEqual([]);
});
