// Looks for a new selector pack and takes it, in the order of ADR 0021: nothing is believed before it is checked, and one slip refuses it whole.
import { PackLook } from "../../shared/pack-view.ts";
import type { ViewHealth } from "../../shared/selector-health.ts";
import type { PackSites } from "../../shared/selector-lists.ts";
import { PackEnvelope, packBytes, packKind } from "../../shared/selector-pack.ts";
import { canonicalJson, openEnvelope } from "../../shared/signed-envelope.ts";
import type { Source } from "./download.ts";
import type { KeptState } from "./kept-state.ts";
import { noPacks, notePack, type PackState, packDenial, packInUse, takePack } from "./pack-state.ts";
import type { ReleaseDb } from "./release-db.ts";
import { askServer, jsonOf, judgeClaims, Stop } from "./signed-look.ts";

export interface PackLookDeps {
  db: ReleaseDb;
  state: KeptState<PackState>;
  /** Null while no server is connected. */
  source: Source | null;
  /** Raw public keys, hexadecimal: those of releases. */
  keys: readonly string[];
  /** A counter or "packaged", by an administrator; null: the newest. */
  pin: string | null;
  /** Version of the extension. */
  app: string;
  /** Server and team that is connected; another one's packs are forgotten here, but for their highest counters. */
  scope: string;
  /** What was found until now. */
  health(): Promise<ViewHealth[]>;
  /** What is wrong with a pack's names and selectors for this extension and browser. */
  problemOf(sites: PackSites): Promise<{ code: string; detail: string } | null>;
  /** Milliseconds since 1970 by this machine's clock. */
  now(): number;
}

/** @returns what became of it; `taken` means: it is in use from now on. */
export async function lookForPack(deps: PackLookDeps): Promise<PackLook> {
  const { db, state, source, keys, pin, app, scope, now } = deps;
  const about: Pick<PackLook, "counter"> = { counter: null };
  try {
    if (source && (await state.read()).scope !== scope) await state.change((one) => (one.scope === scope ? one : { ...noPacks, scope }));
    const path = "/v1/selectors/stable";
    const { body, serverTime } = await askServer({ db, source, keys, path, keep: "packAnswer", most: packBytes });
    const envelope = PackEnvelope.safeParse(jsonOf(body));
    if (!envelope.success) throw new Stop("unknown_answer", "The server's answer is not one that this version knows");
    const opened = await openEnvelope(new TextEncoder().encode(canonicalJson(envelope.data)), keys, packKind);
    if (!opened.ok) throw new Stop("not_believed", `${opened.code}: ${opened.message}`);
    const { payload: pack, digest } = opened;
    about.counter = pack.counter;
    judgeClaims(pack, digest, { app, highest: (await state.read()).highest, now: now(), serverTime });
    const noted = await state.change((before) => notePack(before, pack.counter, digest));
    if (pin !== null && pin !== String(pack.counter)) throw new Stop("pinned", pin);
    if (packInUse(noted, pin, now())?.counter === pack.counter) throw new Stop("current", "");
    const denial = packDenial(noted, pack.counter);
    if (denial) throw new Stop("denied", denial.why);
    const problem = await deps.problemOf(pack.sites);
    if (problem) throw new Stop(problem.code, problem.detail);
    const health = await deps.health();
    await state.change((before) => takePack(before, { pack, digest }, health));
    return { code: "taken", detail: "", ...about };
  } catch (error) {
    if (error instanceof Stop) return PackLook.parse({ code: error.code, detail: error.message.slice(0, 600), ...about });
    throw error;
  }
}
