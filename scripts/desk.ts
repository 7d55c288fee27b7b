// Starts the practice desk alone, and prints its addresses and the Chromium flags that reach them. Stop it with Ctrl+C.
import { parseArgs } from "node:util";
import { startDesk } from "../tests/desk/server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8443" },
    fast: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});
const desk = await startDesk({
  port: Number(values.port),
  speed: values.fast ? "fast" : "real",
  ...(values.verbose ? { log: console.log } : {}),
});
console.log(`The practice desk runs on port ${desk.port} with ${desk.tickets.length} tickets. Start Chromium with:\n`);
console.log(`  chromium ${desk.chromiumFlags.map((flag) => `'${flag}'`).join(" ")} --user-data-dir=.cache/desk-profile ${desk.jira}/\n`);
console.log(`Queues: ${desk.jira}/  and  ${desk.serviceNow}/\n`);
for (const ticket of desk.tickets) console.log(`  ${ticket.key.padEnd(11)} ${desk.urlOf(ticket)}\n              ${ticket.title}`);
process.once("SIGINT", () => void desk.close().then(() => process.exit(0)));
process.once("SIGTERM", () => void desk.close().then(() => process.exit(0)));
