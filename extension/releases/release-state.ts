// What this machine knows of releases, and how each event changes it. Pure: a crash between two steps leaves the one state or the other.
import { z } from "zod";
import { Sha256 } from "../../shared/contract.ts";
import { type ModelNews, trialTickets } from "../../shared/model-run.ts";
import { ReleaseManifest } from "../../shared/release.ts";
import { Highest } from "./kept-state.ts";

const Counter = z.int().positive();

/** A release whose files are all here and checked. */
export const KeptRelease = z.strictObject({ manifest: ReleaseManifest, digest: Sha256 });
export const Denial = z.strictObject({
  counter: Counter,
  /** `person`: went back by hand, and may take it again; the others are for good. */
  by: z.enum(["person", "machine", "operator"]),
  why: z.string().max(500),
});

export const ReleaseState = z.strictObject({
  /** Whose releases these are: server and team. Another team counts anew. */
  scope: z.string(),
  highest: Highest,
  kept: z.array(KeptRelease),
  /** Counters that ran here, newest first: the first one runs, a return goes to the next, and after the last to the packaged model. */
  line: z.array(Counter),
  /** While the first of the line has to show itself; null once it is healthy. */
  trial: z.strictObject({ since: z.number(), scans: z.int().nonnegative() }).nullable(),
  /** Starts and first tickets of the running release that began and did not end well (yet). */
  attempts: z.int().nonnegative(),
  /** Times that a candidate's self-test began without an answer, and when it did last. */
  rehearsals: z.strictObject({ counter: Counter, begun: z.int().positive(), at: z.number() }).nullable(),
  denied: z.array(Denial),
});
export type ReleaseState = z.infer<typeof ReleaseState>;
export type KeptRelease = z.infer<typeof KeptRelease>;

export const noReleases: ReleaseState = {
  scope: "",
  highest: null,
  kept: [],
  line: [],
  trial: null,
  attempts: 0,
  rehearsals: null,
  denied: [],
};

/** Starts, first tickets or self-tests that may end without a word. */
export const mostAttempts = 3;
export const healthyAfter = { scans: trialTickets, ms: 24 * 3_600_000 } as const;
/** A self-test that has said nothing for so long is over. */
export const patienceMs = 5 * 60_000;
/** Of the line, besides the packaged model. */
const keptVersions = 2;

export const denialOf = (state: ReleaseState, counter: number) => state.denied.find((denial) => denial.counter === counter);
const keptOf = (state: ReleaseState, counter: number | undefined) => state.kept.find(({ manifest }) => manifest.counter === counter);

/**
 * The release to run; null is the packaged model.
 * @param pin version that an administrator's policy asks for: "packaged", or one that is kept here; one that is not changes nothing.
 */
export function running(state: ReleaseState, pin: string | null): KeptRelease | null {
  if (pin === "packaged") return null;
  const pinned = state.kept.filter(({ manifest }) => manifest.version === pin && !denialOf(state, manifest.counter)).at(-1);
  return pinned ?? keptOf(state, state.line[0]) ?? null;
}

/** Says no to a counter: it leaves the line, wherever it stands. */
function deny(state: ReleaseState, denial: z.infer<typeof Denial>): ReleaseState {
  return leave({ ...state, denied: [...state.denied.filter(({ counter }) => counter !== denial.counter), denial] }, denial.counter);
}

function leave(state: ReleaseState, counter: number): ReleaseState {
  const line = state.line.filter((entry) => entry !== counter);
  const rehearsals = state.rehearsals?.counter === counter ? null : state.rehearsals;
  return line[0] === state.line[0] ? { ...state, line, rehearsals } : { ...state, line, rehearsals, trial: null, attempts: 0 };
}

/** Its files are not whole any more: with the next look they are fetched again. */
function forget(state: ReleaseState, counter: number): ReleaseState {
  const left = leave(state, counter);
  return { ...left, kept: left.kept.filter(({ manifest }) => manifest.counter !== counter) };
}

/** A manifest was believed: from now on nothing older is, and what it revokes does not run. */
export function note(state: ReleaseState, manifest: ReleaseManifest, digest: string): ReleaseState {
  const raised = !state.highest || manifest.counter > state.highest.counter ? { counter: manifest.counter, digest } : state.highest;
  const revoked = manifest.revoked.filter((counter) => keptOf(state, counter) && denialOf(state, counter)?.by !== "operator");
  const noted: ReleaseState = { ...state, highest: raised };
  return revoked.reduce((next, counter) => deny(next, { counter, by: "operator", why: `Release ${manifest.counter} revokes it` }), noted);
}

/** All its files are here. Candidates before it that never ran go. */
export function stage(state: ReleaseState, release: KeptRelease, pin: string | null): ReleaseState {
  const others = state.kept.filter(
    ({ manifest: { counter, version } }) => counter !== release.manifest.counter && (state.line.includes(counter) || version === pin),
  );
  return { ...state, kept: [...others, release] };
}

/** The same files signed anew take the place of those that run: nothing changes but the number, and no trial begins again. */
export function renew(state: ReleaseState, release: KeptRelease): ReleaseState {
  const runs = keptOf(state, state.line[0]);
  if (!runs || !sameFiles(runs.manifest, release.manifest)) return state;
  const kept = state.kept.filter((entry) => entry !== runs && entry.manifest.counter !== release.manifest.counter);
  return { ...state, kept: [...kept, release], line: [release.manifest.counter, ...state.line.slice(1)] };
}

export function sameFiles(a: ReleaseManifest, b: ReleaseManifest): boolean {
  const named = ({ version, files }: ReleaseManifest) => [version, ...files.map(({ path, sha256 }) => `${path} ${sha256}`).sort()].join();
  return named(a) === named(b);
}

/** Its self-test begins; one that begins too often without an answer takes the process down with it. */
export function rehearse(state: ReleaseState, counter: number, now: number): ReleaseState {
  const last = state.rehearsals?.counter === counter ? state.rehearsals : null;
  // It may still be at it.
  if (last && now >= last.at && now < last.at + patienceMs) return state;
  const begun = last?.begun ?? 0;
  if (begun >= mostAttempts) return deny(state, { counter, by: "machine", why: `Its self-test ended without an answer ${begun} times` });
  return { ...state, rehearsals: { counter, begun: begun + 1, at: now } };
}

/**
 * Its self-test has ended. What is not kept, denied or running already is left alone.
 * @param why what is wrong with it; null when nothing is. @param files that they cannot be read: then they are fetched again.
 */
export function rehearsed(state: ReleaseState, counter: number, why: string | null, now: number, files = false): ReleaseState {
  if (!keptOf(state, counter) || denialOf(state, counter) || state.line.includes(counter)) return state;
  if (files) return forget(state, counter);
  if (why !== null) return deny(state, { counter, by: "machine", why });
  return { ...state, line: [counter, ...state.line], trial: { since: now, scans: 0 }, attempts: 0, rehearsals: null };
}

/** The model's process starts. Counted before anything is loaded; after too many without a good end, the one before comes back. */
export function start(state: ReleaseState, pin: string | null): ReleaseState {
  const release = running(state, pin);
  if (!release) return state;
  if (state.attempts < mostAttempts) return { ...state, attempts: state.attempts + 1 };
  const { counter } = release.manifest;
  return start({ ...deny(state, { counter, by: "machine", why: `It ended without a word ${state.attempts} times` }), attempts: 0 }, pin);
}

/** A start ended well. In a trial only that one attempt is taken back: first tickets that never ended still count. */
export function loaded(state: ReleaseState, counter: number, pin: string | null): ReleaseState {
  if (running(state, pin)?.manifest.counter !== counter) return state;
  return { ...state, attempts: state.trial ? Math.max(0, state.attempts - 1) : 0 };
}

/** The first ticket since its start goes in. */
export function scanning(state: ReleaseState, counter: number, pin: string | null): ReleaseState {
  return running(state, pin)?.manifest.counter === counter ? { ...state, attempts: state.attempts + 1 } : state;
}

/** It answered a ticket. After enough of them, or a day, it is healthy, and what is older than the one before goes. */
export function answered(state: ReleaseState, counter: number, now: number, pin: string | null): ReleaseState {
  if (running(state, pin)?.manifest.counter !== counter) return state;
  const next = { ...state, attempts: 0 };
  if (!state.trial || state.line[0] !== counter) return next;
  const trial = { ...state.trial, scans: state.trial.scans + 1 };
  if (trial.scans < healthyAfter.scans && now - trial.since < healthyAfter.ms) return { ...next, trial };
  const line = state.line.slice(0, keptVersions);
  const wanted = ({ manifest }: KeptRelease) =>
    line.includes(manifest.counter) || manifest.counter === state.highest?.counter || manifest.version === pin;
  const kept = state.kept.filter(wanted);
  const denied = state.denied.filter(
    (denial) => denial.counter >= (state.highest?.counter ?? 0) || kept.some(({ manifest }) => manifest.counter === denial.counter),
  );
  return { ...next, trial: null, line, kept, denied };
}

type Failure = Omit<Extract<ModelNews, { kind: "failed" }>, "kind">;

/** It failed. A healthy one may fail on a ticket; files that were lost are fetched again; anything else is no good here. */
export function fail(state: ReleaseState, { counter, why, files, ticket }: Failure): ReleaseState {
  if (!keptOf(state, counter) || denialOf(state, counter)) return state;
  if (files) return forget(state, counter);
  if (ticket && !(state.trial && state.line[0] === counter)) return state;
  return deny(state, { counter, by: "machine", why });
}

/** What the model's host tells. */
export function hear(state: ReleaseState, news: ModelNews, now: number, pin: string | null): ReleaseState {
  const { counter } = news;
  switch (news.kind) {
    case "loaded":
      return loaded(state, counter, pin);
    case "scanning":
      return scanning(state, counter, pin);
    case "answered":
      return answered(state, counter, now, pin);
    case "rehearsed":
      return rehearsed(state, counter, news.why, now, news.files);
    case "failed": {
      const after = fail(state, news);
      // The host starts what is to be run instead.
      return after === state ? state : start(after, pin);
    }
  }
}

/** The person wants the one before. */
export function goBack(state: ReleaseState): ReleaseState {
  const [counter] = state.line;
  return counter === undefined ? state : deny(state, { counter, by: "person", why: "You went back to the one before" });
}

/** The person looks for a new one: what they went back from may come again. */
export function reconsider(state: ReleaseState): ReleaseState {
  return { ...state, denied: state.denied.filter(({ by }) => by !== "person") };
}

/** Hashes of all files that may still be used. */
export function filesInUse(state: ReleaseState): Set<string> {
  return new Set(state.kept.flatMap(({ manifest }) => manifest.files.map(({ sha256 }) => sha256)));
}
