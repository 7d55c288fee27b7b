// A small org on a real libSQL behind the real app, for the tests of the API.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { z } from "zod";
import { EventPage, Problem, PushResponse, type Role } from "../../shared/decisions.ts";
import { createKey, createOrg, createUser, roleScopes } from "../../worker-api/accounts.ts";
import { type AppOptions, createApp } from "../../worker-api/app.ts";
import { openDatabase } from "../../worker-api/database.ts";
import type { LogEntry } from "../../worker-api/observe.ts";
import type { Database } from "../../worker-api/schema.ts";

export const start = Date.UTC(2026, 10, 25, 12);

export const ticketIdOf = (key: string) => createHash("sha256").update(`jira-cloud\n${key}`).digest("hex");

/** A folder of this test's own, removed after it. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sectag-api-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @returns a key of the org's user of this name, made when needed. */
export async function keyFor(db: Database, orgId: string, role: Role, { scopes = roleScopes[role], name = role as string } = {}) {
  const { id: userId } = await createUser(db, { orgId, name, role, now: start });
  const { id, key } = await createKey(db, { orgId, userId, name: "test", scopes, expires: null, now: start });
  return { userId, id, key };
}

export async function newOrg(db: Database, name: string) {
  const orgId = await createOrg(db, { name, now: start });
  const [analyst, lead, admin, service] = [
    await keyFor(db, orgId, "analyst"),
    await keyFor(db, orgId, "lead"),
    await keyFor(db, orgId, "admin"),
    await keyFor(db, orgId, "service"),
  ];
  return { orgId, analyst, lead, admin, service };
}

export interface Call {
  key?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

const bodyOf = (body: unknown): BodyInit =>
  typeof body === "string" ? body : body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body);

export async function openLab({
  url = ":memory:",
  threaded = false,
  ...options
}: Partial<AppOptions> & { url?: string; threaded?: boolean } = {}) {
  const db = options.db ?? (await openDatabase({ url, threaded, waitMs: 200 }));
  if (threaded) onTestFinished(() => db.$client.close());
  const clock = { ms: start };
  const logged: LogEntry[] = [];
  const app = createApp({ db, now: () => clock.ms, log: (entry) => logged.push(entry), ...options });

  async function call(path: string, { key, method, body, headers }: Call = {}): Promise<Response> {
    return app.request(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: bodyOf(body) }),
    });
  }
  async function read<T extends z.ZodType>(schema: T, path: string, how?: Call): Promise<z.output<T>> {
    const response = await call(path, how);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return schema.parse(JSON.parse(text));
  }
  /** What is refused: status and code, after a look at the problem's form. */
  async function refusal(response: Response | Promise<Response>) {
    const answer = await response;
    const { status, headers } = answer;
    const body: unknown = await answer.json();
    if (headers.get("content-type") !== "application/problem+json") throw new Error(`No problem: ${JSON.stringify(body)}`);
    const problem = Problem.parse(body);
    if (problem.status !== status || !problem.detail) throw new Error(`Not whole: ${JSON.stringify(problem)}`);
    return { status, code: problem.type.replace("urn:sectag:problem:", ""), problem };
  }
  const push = (key: string, ...events: unknown[]) => read(PushResponse, "/v1/events", { key, body: { events } });
  const pull = (key: string, query = "") => read(EventPage, `/v1/events${query}`, { key });
  return { db, app, clock, logged, call, read, refusal, push, pull, ...(await newOrg(db, "Blue team")) };
}
