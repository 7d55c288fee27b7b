// What this machine knows of selector packs, and how each event changes it. Pure: a crash between two steps leaves the one state or the other.
import { z } from "zod";
import { Sha256 } from "../../shared/contract.ts";
import { sameView, ViewHealth, viewName, worsePart } from "../../shared/selector-health.ts";
import { SelectorPack } from "../../shared/selector-pack.ts";
import { Highest } from "./kept-state.ts";
import { Denial } from "./release-state.ts";

const KeptPack = z.strictObject({ pack: SelectorPack, digest: Sha256 });

export const PackState = z.strictObject({
  /** Whose packs these are: server and team. Another team counts anew. */
  scope: z.string(),
  highest: Highest,
  /** Packs that were taken, newest first: the first is in use, a return goes to the next, and after the last to the packaged selectors. */
  line: z.array(KeptPack),
  /** What was found by the selectors before the first of the line, in the views that it concerns. */
  before: z.array(ViewHealth),
  denied: z.array(Denial),
});
export type PackState = z.infer<typeof PackState>;
export type KeptPack = z.infer<typeof KeptPack>;

export const noPacks: PackState = { scope: "", highest: null, line: [], before: [], denied: [] };

/** Of the line, besides the packaged selectors. */
const keptPacks = 2;
/** Refusals that are remembered. */
const keptDenials = 20;

export const packDenial = (state: PackState, counter: number) => state.denied.find((denial) => denial.counter === counter);

/**
 * The pack to use; null: the packaged selectors. One that has expired is not replaced by an older one.
 * @param pin what an administrator's policy asks for: "packaged", or a counter; one that is not here means the packaged selectors.
 */
export function packInUse({ line }: PackState, pin: string | null, now: number): SelectorPack | null {
  const wanted = pin === null ? line[0] : line.find(({ pack }) => String(pack.counter) === pin);
  return wanted && Date.parse(wanted.pack.expires) >= now ? wanted.pack : null;
}

/** A pack was believed: from now on nothing older is. */
export function notePack(state: PackState, counter: number, digest: string): PackState {
  return !state.highest || counter > state.highest.counter ? { ...state, highest: { counter, digest } } : state;
}

/** It is checked, and in use from now on. @param health what was found until now, in all views. */
export function takePack(state: PackState, kept: KeptPack, health: readonly ViewHealth[]): PackState {
  const others = state.line.filter(({ pack }) => pack.counter !== kept.pack.counter);
  const before = health.filter(({ site }) => Object.hasOwn(kept.pack.sites, site));
  return { ...state, line: [kept, ...others].slice(0, keptPacks), before };
}

/** Compares what is found now with what was found before it. When it is worse, the one before it is back. @param health counted since it is in use. */
export function comparePack(state: PackState, health: readonly ViewHealth[]): PackState {
  const [head] = state.line;
  if (!head) return state;
  for (const before of state.before) {
    const now = health.find((one) => sameView(one, before));
    const part = now && worsePart(before, now);
    if (!part) continue;
    const why = `${viewName(now)}: ${part} found on ${now[part]} of ${now.visits} visits, before on ${before[part]} of ${before.visits}`;
    return deny(state, { counter: head.pack.counter, by: "machine", why });
  }
  return state;
}

/** The person wants the packaged selectors: no pack that is here is used any more. */
export function usePackaged(state: PackState): PackState {
  const why = "You chose the packaged ones";
  return state.line.reduce((next, { pack }) => deny(next, { counter: pack.counter, by: "person", why }), state);
}

/** The person looks for one: what they left may come again. */
export function reconsiderPacks(state: PackState): PackState {
  return { ...state, denied: state.denied.filter(({ by }) => by !== "person") };
}

function deny(state: PackState, denial: z.infer<typeof Denial>): PackState {
  const line = state.line.filter(({ pack }) => pack.counter !== denial.counter);
  const denied = [...state.denied.filter(({ counter }) => counter !== denial.counter), denial].slice(-keptDenials);
  return { ...state, line, before: [], denied };
}
