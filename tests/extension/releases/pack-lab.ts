// What the tests of selector packs share: signed packs, a server that gives one out, and a machine that looks for it.
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { type KeptState, keptState } from "../../../extension/releases/kept-state.ts";
import { lookForPack, type PackLookDeps } from "../../../extension/releases/look-pack.ts";
import { noPacks, PackState } from "../../../extension/releases/pack-state.ts";
import { openReleaseDb } from "../../../extension/releases/release-db.ts";
import { type SigningKey, signEnvelope, signingKey } from "../../../scripts/sign-release.ts";
import type { PackLook } from "../../../shared/pack-view.ts";
import { packPayloadType, type SelectorPack } from "../../../shared/selector-pack.ts";

export const packKey = await signingKey("0d".repeat(32));
export const stranger = await signingKey("0e".repeat(32));
export const today = Date.parse("2026-11-26T12:00:00Z");
const day = 86_400_000;

export const packOf = (change: Partial<SelectorPack> = {}, now = today): SelectorPack => ({
  spec: 1,
  counter: 5,
  created: new Date(now - 1000).toISOString(),
  expires: new Date(now + 30 * day).toISOString(),
  minApp: "0.1.0",
  sites: { "jira-cloud": { comments: ["article.comment"] } },
  ...change,
});
export const signPack = (pack: unknown, keys: readonly SigningKey[] = [packKey]) => signEnvelope(packPayloadType, pack, keys);

/** Answers `GET /v1/selectors/stable` with what was said last; null: 404. */
export function createPackServer() {
  const server = {
    clock: today,
    said: null as string | null,
    asked: 0,
    /** Bodies that were posted. */
    posted: [] as unknown[],
    publish: (pack: unknown, keys?: readonly SigningKey[]) => {
      server.said = signPack(pack, keys);
    },
    fetch: async (url: string, init: RequestInit = {}): Promise<Response> => {
      const headers = { date: new Date(server.clock).toUTCString() };
      if (init.method === "POST") {
        server.posted.push(JSON.parse(String(init.body)));
        return new Response(null, { status: 204, headers });
      }
      if (!url.endsWith("/v1/selectors/stable")) return new Response(null, { status: 404, headers });
      server.asked++;
      return server.said === null ? new Response(null, { status: 404, headers }) : new Response(server.said, { headers });
    },
  };
  return server;
}
export type PackServer = ReturnType<typeof createPackServer>;

export interface PackMachine {
  state: KeptState<PackState>;
  items: Map<string, unknown>;
  look(change?: Partial<PackLookDeps>): Promise<PackLook>;
  /** The same browser with its database lost. */
  withoutDatabase(): Promise<PackMachine>;
}

export async function createPackMachine(server: PackServer, items = new Map<string, unknown>()): Promise<PackMachine> {
  const db = await openReleaseDb({ indexedDB: new IDBFactory(), IDBKeyRange });
  const area = {
    get: async (name: string) => (items.has(name) ? { [name]: structuredClone(items.get(name)) } : {}),
    set: async (added: Record<string, unknown>) => {
      for (const [name, value] of Object.entries(added)) items.set(name, structuredClone(value));
    },
  };
  const state = keptState({ db, area, row: "pack", copyKey: "selectors.highest", shape: PackState, none: noPacks });
  return {
    state,
    items,
    withoutDatabase: () => createPackMachine(server, items),
    look: (change = {}) =>
      lookForPack({
        db,
        state,
        source: { fetch: server.fetch, baseUrl: "https://sectag.example", key: "k", silenceMs: 200 },
        keys: [packKey.publicKey],
        pin: null,
        app: "0.1.0",
        scope: "https://sectag.example team",
        health: async () => [],
        problemOf: async () => null,
        now: () => today,
        ...change,
      }),
  };
}
