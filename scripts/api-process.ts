// The real API as a process of its own, with a database folder of its own: for `npm start` and for the tests, which also kill it.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Role, Scope } from "../shared/decisions.ts";
import { extensionOrigin } from "../shared/extension-id.ts";
import { until } from "./until.ts";

const root = join(import.meta.dirname, "..");
const program = ["--disable-warning=ExperimentalWarning", join(root, "worker-api", "server.ts")];

export interface ApiProcess {
  baseUrl: string;
  /** The link that a start prints as long as nobody has a key: works once. */
  firstLink(): Promise<string>;
  /** `npm run api -- NAME ...` on the same data; resolves with what it printed. */
  command(...args: string[]): Promise<string>;
  /** A one-time link for a user, who is made when needed. */
  pairingLink(user: string, role: Role): Promise<string>;
  /** A key of a user, who is made when needed. */
  key(user: string, role: Role, ...scopes: Scope[]): Promise<string>;
  /** As an operator stops it: by SIGTERM, waiting for its end. */
  stop(): Promise<void>;
  /** As a power cut stops it. */
  kill(): Promise<void>;
  /** Starts it again at the same address, with the same data. */
  restart(): Promise<void>;
  /** Everything that it has printed. */
  output(): string;
}

interface Options {
  /** Holds the database; made when it is not there. */
  folder: string;
  /** Beside those that the server needs; e.g. other limits. */
  env?: Record<string, string>;
}

/** @throws Error with the server's output when it is not ready within twenty seconds. */
export async function startApi({ folder, env = {} }: Options): Promise<ApiProcess> {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const whole = {
    ...process.env,
    SECTAG_PORT: String(port),
    SECTAG_DATABASE: join(folder, "sectag.db"),
    SECTAG_ORIGINS: extensionOrigin,
    ...env,
  };
  let child: ChildProcess | null = null;
  let output = "";

  const start = async () => {
    const started = spawn(process.execPath, program, { cwd: root, env: whole, stdio: ["ignore", "pipe", "pipe"] });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream?.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    try {
      await until("the API to be ready", async () => started.exitCode !== null || (await isReady(baseUrl)), 20_000);
      if (started.exitCode !== null) throw new Error(`It ended with code ${started.exitCode}`);
    } catch (cause) {
      started.kill("SIGKILL");
      throw new Error(`The API did not start:\n${output}`, { cause });
    }
  };
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, "exit");
    running.kill(signal);
    await ended;
  };

  const command = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [...program, ...args], { cwd: root, env: whole });
    return stdout.trim();
  };

  await start();
  return {
    baseUrl,
    firstLink: () => until("the pairing link in the output", async () => /\S+\/pair#\S+(?=\s)/.exec(output)?.[0]),
    command,
    async pairingLink(user, role) {
      const link = /\S+\/pair#\S+/.exec(await command("pair", "--user", user, "--role", role))?.[0];
      if (!link) throw new Error(`No pairing link was made for ${user}`);
      return link;
    },
    async key(user, role, ...scopes) {
      const printed = await command("keys", "create", "--user", user, "--role", role, "--name", user, "--scopes", scopes.join(","));
      const key = /stag_\S+/.exec(printed)?.[0];
      if (!key) throw new Error(`No key was made for ${user}`);
      return key;
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    restart: start,
    output: () => output,
  };
}

async function isReady(baseUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // Not listening yet.
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || !address) throw new Error("No free port was found");
  return address.port;
}
