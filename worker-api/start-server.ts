// Starts the API on a port of this machine, with its database, its docs page and its log; makes org, admin and pairing link at the first start.
import { hash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createOrg, createPairing, createUser, roleScopes } from "./accounts.ts";
import { createApp, type Limits } from "./app.ts";
import { type Config, originOf } from "./config.ts";
import { openDatabase } from "./database.ts";
import type { Files } from "./docs.ts";
import { emptyLog } from "./empty-log.ts";
import { modelBucket } from "./model-bucket.ts";
import type { ModelFiles } from "./model-files.ts";
import { modelFolder, nodeHash, sweepIncoming } from "./model-folder.ts";
import { atLevel, type Log } from "./observe.ts";
import { pairingLink } from "./pair.ts";
import { type Database, keys, orgs, pairings } from "./schema.ts";

const FIRST_LINK_MS = 60 * 60_000;
/** Answers that are under way when the server is told to stop may take this long. */
const DRAIN_MS = 10_000;
/** Connections that may be let in between two pushes. */
const TURNS = 20;

export interface RunningServer {
  db: Database;
  origin: string;
  /** Given as long as nobody has paired. */
  link: string | null;
  stop(): Promise<void>;
}

interface StartOptions {
  log: Log;
  limits?: Partial<Limits>;
}

/** @throws the listening socket's error, or the database's; then nothing is left running. */
export async function startServer(config: Config, options: StartOptions): Promise<RunningServer> {
  if (config.file) mkdirSync(dirname(config.file), { recursive: true });
  const db = await openDatabase({ ...config.database, threaded: true });
  try {
    return await serve(db, config, options);
  } catch (error) {
    db.$client.close();
    throw error;
  }
}

async function serve(db: Database, config: Config, { log, limits }: StartOptions): Promise<RunningServer> {
  await emptyLog(db, log);
  const files = await modelFilesOf(config);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const app = createApp({
    db,
    files: docsFiles,
    ...(files ? { models: { files, newHash: nodeHash, keys: config.releaseKeys } } : {}),
    origins: config.origins,
    log: atLevel(config.logLevel, log),
    digest: (text) => hash("sha256", text),
    breathe,
    addressOf: (context) => getConnInfo(context).remote.address ?? "",
    registry,
    ...(limits ? { limits } : {}),
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    // Ten minutes for a whole request: a model's file over a slow line. All other bodies have 15 seconds, in app.ts.
    // What a refused request still sends is read away by Node, until requestTimeout. The adapter would cut the connection after half a
    // second, and a client under load would see a reset instead of its 429.
    autoCleanupIncoming: false,
    // Kept open longer than proxies and browsers do, so that these close first and no request meets a closing connection.
    serverOptions: { requestTimeout: 600_000, headersTimeout: 15_000, keepAliveTimeout: 75_000 },
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(config.port, config.host, listening);
  });
  const address = server.address();
  const origin = originOf({ ...config, port: typeof address === "object" && address ? address.port : config.port });
  const link = await firstLink(db, origin, Date.now()).catch((error: unknown) => {
    server.close();
    throw error;
  });
  log({ level: "info", event: "listening", origin });

  async function stop(): Promise<void> {
    const closed = new Promise((done) => server.close(done));
    if ("closeIdleConnections" in server) server.closeIdleConnections();
    const late = setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(late);
    db.$client.close();
    log({ level: "info", event: "stopped" });
  }
  return { db, origin, link, stop };
}

async function modelFilesOf({ modelFiles }: Config): Promise<ModelFiles | null> {
  if (!modelFiles) return null;
  if ("bucket" in modelFiles) return modelBucket(modelFiles.bucket);
  await sweepIncoming(modelFiles.folder, Date.now());
  return modelFolder(modelFiles.folder);
}

/**
 * Node accepts one connection a turn of its loop. While pushes fill the turns, waiting connections would be let in as slowly as
 * pushes are judged, and nobody would hear that the server is busy.
 */
async function breathe(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((done) => setImmediate(done));
}

const swaggerFolder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const docsFiles: Files = async (name) => Uint8Array.from(await readFile(join(swaggerFolder, name)));

/** As long as there is no key, nobody can ask for a link: each start makes a new one and takes the one before back. */
async function firstLink(db: Database, origin: string, now: number): Promise<string | null> {
  if ((await db.select({ id: keys.id }).from(keys).limit(1)).length > 0) return null;
  const [present] = await db.select({ id: orgs.id }).from(orgs).limit(1);
  const orgId = present?.id ?? (await createOrg(db, { name: "SecTag", now }));
  const admin = await createUser(db, { orgId, name: "admin", role: "admin", now });
  await db.delete(pairings);
  return pairingLink(origin, await createPairing(db, { orgId, userId: admin.id, scopes: roleScopes.admin, expires: now + FIRST_LINK_MS }));
}
