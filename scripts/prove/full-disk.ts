// `npm run prove -- full-disk`: the disk of Chromium's profile fills up while somebody reviews, gets room again, and the browser restarts; as root on Linux, which may mount.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDesk } from "../../tests/desk/server.ts";
import { type Bench, joinDesk } from "../../tests/e2e/lab.ts";
import { arm, keysOf, press, says, storeRows, waitReview } from "../../tests/e2e/reviewing.ts";
import { buildExtension } from "../build-extension.ts";
import { until } from "../until.ts";

const extension = buildExtension("tiny");
const desk = await startDesk({ speed: "fast" });
const disk = mkdtempSync(join(tmpdir(), "sectag-disk-"));
if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=256m", "tmpfs", disk], { stdio: "inherit" }).status !== 0) {
  rmSync(disk, { recursive: true });
  await desk.close();
  console.error("A small disk is mounted for this: run it as root on Linux");
  process.exit(2);
}
const [profile, filler] = [join(disk, "profile"), join(disk, "filler")];
/** Until nothing more goes on it: `dd` ends with an error then. */
const fill = () => spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k", "oflag=append", "conv=notrunc"], { stdio: "ignore" });

let ok = false;
let bench: Bench | null = null;
try {
  const run = await joinDesk(desk, extension, { profile, installed: true });
  bench = run;
  const [before, during] = desk.tickets.filter(({ system }) => system === "jira");
  if (!before || !during) throw new Error("The desk has too few Jira tickets");
  const opened = async (ticket: typeof before) => {
    const { page } = await run.open(ticket);
    await arm(run, page, ticket.key);
    return page;
  };
  await press(await opened(before), ...keysOf("phishing_high"));
  await waitReview(run, before.key, says("phishing_high"));
  const page = await opened(during);

  const refusals: string[] = [];
  for (const tag of ["phishing_low", "phishing_medium"]) {
    fill();
    const told = (await waitReview(run, during.key)).news.n;
    await press(page, ...keysOf(tag));
    const { news } = await waitReview(run, during.key, (review) => review.news.n > told && /^(failed|saved)$/.test(review.news.code));
    refusals.push(news.code === "failed" ? news.detail : "shown as saved");
  }
  rmSync(filler);
  await press(page, ...keysOf("phishing_critical"));
  await waitReview(run, during.key, says("phishing_critical"));
  const saved = await rowsOf(run);
  await run.close();

  const again = await joinDesk(desk, extension, { profile, installed: true });
  bench = again;
  const keptByTheBrowser = await again.console.evaluate(async () =>
    (await indexedDB.databases()).some(({ name }) => name === "sectag-reviews"),
  );
  await again.open(during);
  await waitReview(again, during.key, says("phishing_critical"));
  const after = await until("all rows", async () => {
    const now = await rowsOf(again);
    return now.length >= saved.length ? now : null;
  });
  const figures = {
    refusedWhileFull: refusals.length,
    saidWhy: refusals.filter((text) => /disk is full|Datenträger ist voll/.test(text)).length,
    savedOnceThereWasRoom: saved.length,
    lostOverTheRestart: saved.filter((row) => !after.includes(row)).length,
    doubled: after.length - new Set(after).size,
    keptByTheBrowser,
  };
  ok = figures.saidWhy === 2 && figures.lostOverTheRestart === 0 && figures.doubled === 0 && saved.length >= 2;
  console.log(JSON.stringify({ ...figures, ok }));
} finally {
  await bench?.close().catch(() => undefined);
  await desk.close();
  execFileSync("umount", ["--lazy", disk]);
  rmSync(disk, { recursive: true });
}
process.exit(ok ? 0 : 1);

async function rowsOf(run: Bench): Promise<string[]> {
  return (await storeRows(run)).reviews.map(({ decision: { id, ticket } }) => `${ticket.key} ${id}`).sort();
}
