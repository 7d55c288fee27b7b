// `npm start`: builds the extension, serves the practice desk and the API, opens Chromium with both paired. `-- --headless` reviews the queue by itself and prints what reached the database.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Desk, startDesk } from "../tests/desk/server.ts";
import { deskTickets, toLearnDirectory } from "../tests/desk/tickets.ts";
import { type ApiProcess, startApi } from "./api-process.ts";
import { buildExtension } from "./build-extension.ts";
import { type Lab, launch } from "./chromium.ts";
import { pairByHand } from "./pairing.ts";
import { listenForRetrain, practiceKey } from "./practice-retrain.ts";
import { walk } from "./practice-walk.ts";
import { printRows, waitForRows } from "./stored-rows.ts";

const { values } = parseArgs({
  options: {
    headless: { type: "boolean", default: false },
    /** Folder for the screenshots of a headless walk. */
    out: { type: "string", default: "artifacts/practice-desk" },
  },
});

if (!values.headless && process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
  console.error("There is no display for a browser window. Run `npm start -- --headless`, or start again on a desktop.");
  process.exit(1);
}
try {
  process.exitCode = await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function start(): Promise<number> {
  // A person's practice goes on next time; an unattended walk begins with nothing.
  const folder = values.headless ? mkdtempSync(join(tmpdir(), "sectag-start-")) : join(import.meta.dirname, "..", ".data", "practice");
  const signingKey = join(folder, "release.pem");
  // Read by the build and by the API: both trust the desk's own key.
  process.env.SECTAG_RELEASE_KEYS = practiceKey(signingKey);
  const extension = buildExtension();
  // An unattended walk has those tickets only of which it knows what the packaged model says.
  const tickets = [...(await deskTickets()), ...(values.headless ? [] : await deskTickets(toLearnDirectory))];
  const [desk, api] = await Promise.all([startDesk({ tickets }), startApi({ folder, env: { SECTAG_LOG: "warn" } })]);
  const lab = await launch({ extension, flags: desk.chromiumFlags, headless: values.headless });
  try {
    await pairByHand(lab.console, await api.pairingLink("Practice", "analyst"));
    console.log(`The API runs at ${api.baseUrl} on libSQL, and the extension is paired with it as the analyst "Practice".`);
    if (values.headless) return await review(desk, lab, api);
    listenForRetrain(api, folder, signingKey);
    return await show(desk, lab, api);
  } finally {
    await lab.close();
    await Promise.all([desk.close(), api.stop()]);
    if (values.headless) rmSync(folder, { recursive: true });
  }
}

/** Opens the two queues for a person, until the browser is closed. */
async function show(desk: Desk, lab: Lab, api: ApiProcess): Promise<number> {
  for (const address of [desk.serviceNow, desk.jira]) await (await lab.browser.newPage()).goto(`${address}/`);
  await lab.console.close();
  console.log(
    `\nThe practice desk is open in Chromium, with ${desk.tickets.length} tickets in two queues:\n  ${desk.jira}/\n  ${desk.serviceNow}/`,
  );
  console.log("Open a ticket: the chip in the lower right corner says its tag; press it to see why, and to accept or correct it.");
  console.log(`What you decide goes to the API (its documentation: ${api.baseUrl}/docs). Close the browser to end.`);
  await new Promise<void>((resolve) => lab.browser.once("disconnected", () => resolve()));
  return 0;
}

/** Reviews each ticket once, then reads from the API what has reached its database. @returns 0 when every ticket was read and every decision is there. */
async function review(desk: Desk, lab: Lab, api: ApiProcess): Promise<number> {
  const walked = await walk(desk, lab, values.out);
  const key = await api.key("Trainer", "service", "export");
  const rows = await waitForRows(api.baseUrl, key, walked.accepted + walked.corrected);
  printRows(rows);
  const stored = new Set(rows.map(({ decision }) => decision.id)).size;
  const ok = walked.unread === 0 && stored === rows.length && stored === walked.tickets;
  console.log(JSON.stringify({ ...walked, rowsInDatabase: rows.length, ok }));
  return ok ? 0 : 1;
}
