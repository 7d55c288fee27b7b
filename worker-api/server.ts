// Entry under Node: `npm run api` serves until it is told to stop; with arguments it is one of the operator's commands.

import "./compiled-checks.ts";

import { runCommand } from "./commands.ts";
import { readConfig } from "./config.ts";
import { databaseCode } from "./patient-client.ts";
import { startServer } from "./start-server.ts";

// The database and its copies have tickets' texts: for this user alone.
process.umask(0o077);
try {
  const config = readConfig(process.env);
  const args = process.argv.slice(2);
  if (args.length > 0) await runCommand(args, { config, now: Date.now, print: console.log });
  else await serve(config);
} catch (error) {
  console.error(sentence(error));
  process.exitCode = 1;
}

async function serve(config: ReturnType<typeof readConfig>): Promise<void> {
  const server = await startServer(config, {
    log: (entry) => console.log(JSON.stringify({ time: new Date().toISOString(), ...entry })),
  });
  if (server.link) console.error(`Pair the extension, once and within an hour: ${server.link}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.stop());
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : "";
  if (code === "EADDRINUSE") return "The port is taken: stop the other server, or set SECTAG_PORT.";
  if (code === "EACCES") return "The port may not be used by this user: set SECTAG_PORT to another.";
  if (databaseCode(error) === "SQLITE_BUSY") return "The database is locked by another process: try again when that has ended.";
  if (databaseCode(error).startsWith("SQLITE_")) return `The database cannot be used (${databaseCode(error)}): see SECTAG_DATABASE.`;
  return error.message;
}
