// Runs the real server, or one of its commands, as a process of its own, for tests that kill it or restart it.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { PairResponse } from "../../shared/decisions.ts";

const args = ["--disable-warning=ExperimentalWarning", "worker-api/server.ts"];

export interface ChildServer {
  origin: string;
  child: ChildProcess;
  /** The code of the pairing link that a first start prints. */
  code: Promise<string>;
  /** Its exit code or signal, once it has ended. */
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts the server on a free port and waits until it listens. @throws Error with what it said when it ends before that. */
export async function startChild(database: string, environment: Record<string, string> = {}): Promise<ChildServer> {
  const env = { ...process.env, SECTAG_DATABASE: database, SECTAG_PORT: "0", ...environment };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const said: string[] = [];
  const code = new Promise<string>((resolve) =>
    child.stderr.on("data", (chunk: Buffer) => {
      said.push(chunk.toString());
      const found = /\/pair#(\w+)/.exec(said.join(""))?.[1];
      if (found) resolve(found);
    }),
  );
  for await (const line of createInterface(child.stdout)) {
    const origin = /"event":"listening","origin":"([^"]+)"/.exec(line)?.[1];
    if (origin) {
      child.stdout.resume();
      return { origin, child, code, ended };
    }
    said.push(line);
  }
  throw new Error(`The server ended before it listened: ${said.join("\n")}`);
}

/** @returns the key that the code is given for. */
export async function pairWith(origin: string, code: string): Promise<string> {
  const body = JSON.stringify({ code, client: "test" });
  const answer = await fetch(`${origin}/v1/pair`, { method: "POST", headers: { "content-type": "application/json" }, body });
  return PairResponse.parse(await answer.json()).key;
}

export function pushTo(origin: string, key: string, events: unknown[]): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return fetch(`${origin}/v1/events`, { method: "POST", headers, body: JSON.stringify({ events }) });
}

/** Runs a command to its end. */
export function runChild(database: string, ...command: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const env = { ...process.env, SECTAG_DATABASE: database, SECTAG_PORT: "8787" };
  const child = spawn(process.execPath, [...args, ...command], { env, stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve) =>
    child.once("close", (code) => resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() })),
  );
}
