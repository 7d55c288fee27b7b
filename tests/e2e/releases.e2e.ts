// A signed release goes from the API into the tab by itself: fetched, tested beside the running model, taken over, left again by the person, and refused when nobody known signed it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardText, openCard } from "../../scripts/card.ts";
import { signingKey, signRelease } from "../../scripts/sign-release.ts";
import { until } from "../../scripts/until.ts";
import { sha256Hex } from "../../shared/hex.ts";
import { ModelView } from "../../shared/model-run.ts";
import { decisionHashBytes, ReleaseManifest } from "../../shared/release.ts";
import { type Bench, startBench, tiny } from "./lab.ts";
import { arm, keysOf, press, waitReview } from "./reviewing.ts";
import { startTeam, type Team } from "./team.ts";

const root = join(import.meta.dirname, "..", "..");
const fixture = (name: string): unknown => JSON.parse(readFileSync(join(root, "tests", "fixtures", "release", name), "utf8"));
const key = await signingKey((fixture("key.json") as { seed: string }).seed);
const example = ReleaseManifest.parse(fixture("manifest.json"));
const day = 86_400_000;
/** On the machine of a test every look is a person's: the alarm is hours away. */
const look = 'section[aria-labelledby="model"] .row button:first-child';
const back = 'section[aria-labelledby="model"] .row button:last-child';

let bench: Bench;
let team: Team;
let publisher = "";
beforeAll(async () => {
  [bench, team] = await Promise.all([startBench(tiny), startTeam({ SECTAG_RELEASE_KEYS: key.publicKey })]);
  publisher = await team.api.key("Trainer", "service", "publish");
});
afterAll(async () => {
  await bench?.close();
  await team?.close();
});

async function call(method: "PUT" | "POST", path: string, body: Uint8Array<ArrayBuffer> | string): Promise<void> {
  const type = typeof body === "string" ? "application/json" : "application/octet-stream";
  const headers = { authorization: `Bearer ${publisher}`, "content-type": type };
  const answer = await fetch(team.api.baseUrl + path, { method, headers, body });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/** The tiny model under a new version, for everybody. */
async function publish(counter: number, version: string, decisions: Uint8Array<ArrayBuffer>): Promise<void> {
  const bytes = new Map(example.files.map(({ path }) => [path, Uint8Array.from(readFileSync(join(root, "models", "tiny", path)))]));
  bytes.set("decisions.bin", decisions);
  const files = await Promise.all(
    [...bytes].map(async ([path, content]) => ({
      path,
      size: content.length,
      sha256: await sha256Hex(content),
      role: example.files.find((file) => file.path === path)?.role ?? "decisions",
    })),
  );
  const now = Date.now();
  const times = { created: new Date(now - 1000).toISOString(), expires: new Date(now + 14 * day).toISOString() };
  const manifest: ReleaseManifest = { ...example, ...times, counter, version, revoked: [], files: files as ReleaseManifest["files"] };
  for (const { path, sha256 } of files) await call("PUT", `/v1/models/files/${sha256}`, bytes.get(path) ?? decisions);
  await call("POST", "/v1/models/releases", signRelease(manifest, [key]));
  await call("PUT", "/v1/models/channels/stable", JSON.stringify({ counter, percent: 100 }));
}

const view = () =>
  bench.console
    .evaluate(async () => (await chrome.storage.local.get("releases.view"))["releases.view"])
    .then((stored) => ModelView.safeParse(stored).data ?? null);
const seen = (what: string, is: (view: ModelView) => boolean) =>
  until(
    what,
    async () => {
      const now = await view();
      return now && is(now) ? now : null;
    },
    60_000,
  ).catch(async (error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : error}; the view is ${JSON.stringify(await view())}`);
  });
async function pressModel(selector: string): Promise<void> {
  await bench.console.bringToFront();
  await bench.console.waitForSelector(`${selector}:not([aria-disabled="true"])`);
  await bench.console.click(selector);
}

test("a published model is in the tab without anybody's doing, and says whose corrections are in it", async () => {
  await team.pair(bench);
  const ticket = bench.ticket("SEC-201");
  const { page, report } = await bench.open(ticket);
  expect(report.suggestion.modelVersion).toBe("tiny");
  expect(await seen("the first look", ({ look }) => look !== null)).toMatchObject({ running: null, look: { code: "nothing_published" } });
  await arm(bench, page, ticket.key);
  await press(page, ...keysOf("phishing_high"));
  await waitReview(bench, ticket.key, ({ mine }) => mine?.sync === "stored");
  const [decision] = await team.stored();
  const hash = await sha256Hex(new TextEncoder().encode(decision?.decision.id ?? ""));
  await publish(7, "2026.49.1", Uint8Array.from(Buffer.from(hash.slice(0, 2 * decisionHashBytes), "hex")));

  await pressModel(look);
  const running = await seen("the new model", (now) => now.running !== null);
  expect(running).toMatchObject({ running: { counter: 7, version: "2026.49.1" }, look: { code: "staged" }, own: 1 });
  const next = await bench.open(bench.ticket("SEC-203"));
  expect(next.report.suggestion).toMatchObject({ modelVersion: "2026.49.1", problem: null });
  await seen("its first ticket", (now) => (now.running?.scans ?? 0) > 0);
  await openCard(next.page);
  await until("whose corrections are in the model, in the card", async () =>
    (await cardText(next.page)).includes("1 of your corrections is in 2026.49.1."),
  );
  expect(await bench.console.$eval('section[aria-labelledby="model"]', (section) => section.textContent)).toContain(
    "1 of your corrections is in 2026.49.1.",
  );
  await next.page.close();
  await page.close();
});

test("a look finds nothing new; back to the one before by one press, and a look brings it again", async () => {
  await pressModel(look);
  await seen("a second look", ({ look }) => look?.code === "current");
  await pressModel(back);
  await seen("the packaged model", ({ running }) => running === null);
  const packaged = await until("a ticket by the packaged model", async () => {
    const opened = await bench.open(bench.ticket("SEC-207"));
    await opened.page.close();
    return opened.report.suggestion.modelVersion === "tiny" && opened.report;
  });
  expect(packaged.suggestion.problem).toBeNull();
  await pressModel(look);
  await seen("the release again", ({ running }) => running?.counter === 7);
});

test("after a restart of the background the release still runs", async () => {
  const worker = await bench.browser.waitForTarget((target) => target.type() === "service_worker");
  await (await worker.worker())?.close();
  const { page, report } = await bench.open(bench.ticket("SEC-210"));
  expect(report.suggestion.modelVersion).toBe("2026.49.1");
  await page.close();
});
