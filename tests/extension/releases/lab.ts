// What tests and proofs of the delivery share: releases of the tiny model, a server that may misbehave, and a machine without a browser.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DBCoreTable } from "dexie";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import type { KeyValueArea } from "../../../extension/releases/kept-state.ts";
import { type LookDeps, look } from "../../../extension/releases/look.ts";
import { openReleaseDb, type ReleaseDb } from "../../../extension/releases/release-db.ts";
import { createReleaseStore, type ReleaseStore } from "../../../extension/releases/release-store.ts";
import { type SigningKey, signingKey, signRelease } from "../../../scripts/sign-release.ts";
import { labelsVersion } from "../../../shared/labels.ts";
import type { LookResult } from "../../../shared/model-run.ts";
import { ReleaseManifest } from "../../../shared/release.ts";

const root = join(import.meta.dirname, "..", "..", "..");
export const key: SigningKey = await signingKey("5e".repeat(32));
export const stranger: SigningKey = await signingKey("77".repeat(32));
/** What the server of these tests asks for. */
export const apiKey = "sectag_of_these_tests_only";
/** While the releases of these tests are fresh. */
export const today = Date.parse("2026-11-26T12:00:00Z");
const fixture = ReleaseManifest.parse(JSON.parse(readFileSync(join(root, "tests", "fixtures", "release", "manifest.json"), "utf8")));

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const tinyFiles = new Map(fixture.files.map(({ path }) => [path, Uint8Array.from(readFileSync(join(root, "models", "tiny", path)))]));

/** The tiny model as a release; `files` replaces or adds files by path. */
export function release(change: Partial<ReleaseManifest> = {}, files: Record<string, Uint8Array<ArrayBuffer>> = {}) {
  const bytes = new Map([...tinyFiles, ...Object.entries(files)]);
  const rows = [...bytes].map(([path, content]) => {
    const role = fixture.files.find((file) => file.path === path)?.role ?? "decisions";
    return { path, size: content.length, sha256: sha256(content), role };
  });
  return { manifest: ReleaseManifest.parse({ ...fixture, revoked: [], files: rows, ...change }), bytes };
}
export type Release = ReturnType<typeof release>;

type Respond = (path: string, init: RequestInit) => Response;

/** A server that keeps what is published, and answers as the API does until a test bends it. */
export function createServer() {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const asked: { path: string; range: string | null; status: number }[] = [];
  let channel = "";
  /** Changes a file's bytes on their way out. */
  let bend: (path: string, honest: Response) => Response = (_, honest) => honest;
  const honest: Respond = (path, init) => {
    const headers = new Headers(init.headers);
    const date = { date: new Date(server.clock).toUTCString() };
    if (headers.get("authorization") !== `Bearer ${apiKey}`) return new Response(null, { status: 401 });
    if (path.startsWith("/v1/models/channels/")) {
      if (!channel) return new Response(null, { status: 404, headers: date });
      const etag = `"${sha256(Buffer.from(channel))}"`;
      if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: date });
      return new Response(channel, { headers: { ...date, etag } });
    }
    const bytes = files.get(path.split("/").at(-1) ?? "");
    if (!bytes) return new Response(null, { status: 404, headers: date });
    const from = /^bytes=(\d+)-$/.exec(headers.get("range") ?? "")?.[1];
    if (from === undefined) return new Response(bytes, { headers: date });
    return new Response(bytes.slice(Number(from)), {
      status: 206,
      headers: { ...date, "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
    });
  };
  const server = {
    /** Milliseconds since 1970, as its Date header says. */
    clock: today,
    files,
    asked,
    publish({ manifest, bytes }: Release, { keys = [key], percent = 100 } = {}) {
      for (const content of bytes.values()) files.set(sha256(content), content);
      const envelope: unknown = JSON.parse(signRelease(manifest, keys));
      server.say({ version: manifest.version, counter: manifest.counter, envelope, rollout: { percent } });
    },
    /** Any answer of the channel. */
    say(answer: unknown) {
      channel = typeof answer === "string" ? answer : JSON.stringify(answer);
    },
    said: () => channel,
    bend(how: typeof bend) {
      bend = how;
    },
    fetch: async (url: string, init: RequestInit): Promise<Response> => {
      const path = new URL(url).pathname;
      const response = bend(path, honest(path, init));
      asked.push({ path, range: new Headers(init.headers).get("range"), status: response.status });
      return response;
    },
  };
  return server;
}
export type Server = ReturnType<typeof createServer>;

/** A body of these pieces; `then` ends it: whole, cut off, or never. */
export function bodyOf(pieces: Iterable<Uint8Array>, then: "end" | "cut" = "end"): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]();
  return new ReadableStream(
    {
      pull(controller) {
        const next = iterator.next();
        if (!next.done) return controller.enqueue(next.value);
        if (then === "end") controller.close();
        else controller.error(new TypeError("network error"));
      },
    },
    { highWaterMark: 0 },
  );
}

export function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export interface Machine {
  db: ReleaseDb;
  store: ReleaseStore;
  area: KeyValueArea & { items: Map<string, unknown> };
  /** Another connection to the same database, as a worker makes one. */
  open(): Promise<ReleaseDb>;
  /** The same machine after the background was restarted. */
  again(): Promise<Machine>;
  look(change?: Partial<LookDeps>): Promise<LookResult>;
}

/** The table with a call before and after each that it gets. */
function watched(table: DBCoreTable, alive: () => void): DBCoreTable {
  const around =
    <A, R>(call: (input: A) => Promise<R>) =>
    async (input: A): Promise<R> => {
      alive();
      const answer = await call(input);
      alive();
      return answer;
    };
  const { mutate, get, getMany, query, openCursor, count } = table;
  return {
    ...table,
    mutate: around(mutate.bind(table)),
    get: around(get.bind(table)),
    getMany: around(getMany.bind(table)),
    query: around(query.bind(table)),
    openCursor: around(openCursor.bind(table)),
    count: around(count.bind(table)),
  };
}

/** @param alive called before and after each call to database, storage and network; throws when the machine is dead. */
export async function createMachine(
  server: Server,
  indexedDB = new IDBFactory(),
  items = new Map<string, unknown>(),
  alive: () => void = () => undefined,
): Promise<Machine> {
  const area = {
    items,
    get: async (name: string) => {
      alive();
      return items.has(name) ? { [name]: structuredClone(items.get(name)) } : {};
    },
    set: async (added: Record<string, unknown>) => {
      alive();
      for (const [name, value] of Object.entries(added)) items.set(name, structuredClone(value));
    },
  };
  const openAgain = () => openReleaseDb({ indexedDB, IDBKeyRange });
  const db = await openAgain();
  // Dexie takes middleware in at opening only.
  db.close();
  db.use({ stack: "dbcore", name: "alive", create: (core) => ({ ...core, table: (name) => watched(core.table(name), alive) }) });
  await db.open();
  const store = createReleaseStore(db, area);
  const fetchAlive: typeof server.fetch = async (url, init) => {
    alive();
    const response = await server.fetch(url, init);
    alive();
    return response;
  };
  const source = { fetch: fetchAlive, baseUrl: "https://sectag.example", key: apiKey, silenceMs: 200 };
  return {
    db,
    store,
    area,
    open: openAgain,
    again: async () => {
      db.close();
      return createMachine(server, indexedDB, items);
    },
    look: (change = {}) =>
      look({
        db,
        store,
        source,
        keys: [key.publicKey],
        channel: "stable",
        pin: null,
        app: { version: "0.1.0", labelsVersion },
        scope: "https://sectag.example team",
        installId: "install",
        now: () => today,
        ...change,
      }),
  };
}
