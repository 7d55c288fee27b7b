// What the options page and the card show of releases, made from their state.
import type { ReleaseChannel } from "../../shared/contract.ts";
import type { LookResult, ModelChoice, ModelView } from "../../shared/model-run.ts";
import { countOwn } from "../../shared/release.ts";
import type { ReleaseDb } from "./release-db.ts";
import { type KeptRelease, type ReleaseState, running } from "./release-state.ts";

/** What the model's host is told. */
export function choiceOf(state: ReleaseState, pin: string | null): ModelChoice {
  const counter = running(state, pin)?.manifest.counter ?? null;
  return { counter, trial: counter !== null && counter === state.line[0] && state.trial !== null };
}

interface Beside {
  pin: string | null;
  channel: ReleaseChannel;
  look: (LookResult & { at: number }) | null;
  progress: number | null;
  own: number;
}

export function viewOf(state: ReleaseState, { pin, channel, look, progress, own }: Beside): ModelView {
  const runs = running(state, pin)?.manifest ?? null;
  const before = state.line.find((counter) => counter !== runs?.counter);
  const refused = state.denied.filter(({ by }) => by !== "person").at(-1);
  return {
    channel,
    running: runs && {
      counter: runs.counter,
      version: runs.version,
      scans: choiceOf(state, pin).trial ? (state.trial?.scans ?? null) : null,
      gate: runs.gate.sentence,
    },
    before: state.kept.find(({ manifest }) => manifest.counter === before)?.manifest.version ?? null,
    pin,
    look,
    progress,
    refused: refused ? { counter: refused.counter, why: refused.why } : null,
    own,
  };
}

/** How many of these decisions the release was trained on; 0 where it does not tell. */
export async function ownIn(db: ReleaseDb, release: KeptRelease, decisions: readonly string[]): Promise<number> {
  const file = release.manifest.files.find(({ role }) => role === "decisions");
  const row = file && (await db.files.get(file.sha256));
  return row ? countOwn(row.bytes, decisions) : 0;
}
