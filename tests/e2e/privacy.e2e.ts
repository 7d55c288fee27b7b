// What leaves the machine: Chromium's own network log of a walk through tickets names no foreign host and no word of a ticket.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Bench, startBench, tiny } from "./lab.ts";

const folder = mkdtempSync(join(tmpdir(), "sectag-netlog-"));
let bench: Bench | null = null;
afterAll(async () => {
  await bench?.close();
  rmSync(folder, { recursive: true });
});

/** Hosts that Chromium itself asks at start; the lab's flags let none of them resolve. */
const browserOwn = /(^|\.)(google\.com|googleapis\.com|gstatic\.com|gvt1\.com)$/;

test("the browser's network log has the desk's hosts and the extension's own files, no upload, no ticket text", async () => {
  const log = join(folder, "net.json");
  bench = await startBench(tiny, [`--log-net-log=${log}`, "--net-log-capture-mode=IncludeSensitive"]);
  const tickets = [
    ...bench.desk.tickets.filter(({ system }) => system === "jira").slice(0, 4),
    ...bench.desk.tickets.filter(({ system }) => system === "servicenow").slice(0, 4),
  ];
  for (const ticket of tickets) {
    const { page } = await bench.open(ticket);
    await page.close();
  }
  const { jira, serviceNow } = bench.desk;
  const all = bench.desk.tickets;
  await bench.close();
  bench = null;

  const text = readFileSync(log, "utf8");
  const urls = new Set([...text.matchAll(/"url":"([^"]+)"/g)].map((match) => match[1] ?? ""));
  expect(urls.size).toBeGreaterThan(5);
  const foreign = [...urls].filter((address) => {
    const url = URL.parse(address);
    if (!url || !["http:", "https:", "ws:", "wss:"].includes(url.protocol)) return false;
    return url.origin !== jira && url.origin !== serviceNow && url.hostname !== "127.0.0.1" && !browserOwn.test(url.hostname);
  });
  expect(foreign).toEqual([]);
  expect(
    [...text.matchAll(/"method":"(POST|PUT|PATCH)"[^}]*"url":"([^"]+)"/g)].filter((match) => /atlassian|service-now/.test(match[2] ?? "")),
  ).toEqual([]);
  const words = all.flatMap((ticket) => [ticket.title, ...ticket.highlights]).filter((word) => word.length > 8);
  const found = words.filter((word) => text.includes(word) || text.includes(encodeURIComponent(word)));
  expect(found).toEqual([]);
});
