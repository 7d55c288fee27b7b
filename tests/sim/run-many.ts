// Runs many seeds, and a kill at every await of the client's code, over several processes; adds up what came of them.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Verdict } from "./checker.ts";
import type { Mutation } from "./instrument.ts";
import type { Outcome } from "./run-seed.ts";
import type { Job, Message, Order } from "./worker.ts";

export interface Sum {
  seeds: number;
  /** Kind -> how often. */
  faults: Record<string, number>;
  /** Worlds with such a fault. */
  lost: number;
  doubled: number;
  stuck: number;
  diverged: number;
  nondeterministic: number;
  comparedTwice: number;
  /** Awaits of the client's code, and those at which a context was killed before and after. */
  awaitPoints: number;
  awaitPointsKilled: number;
  /** Awaits that need no kill, for a reason that `excused` gives. */
  awaitPointsExcused: number;
  /** Awaits that no world came to and that nothing excuses, as `file:line:column`. */
  unreached: string[];
  guilty: Outcome[];
}

interface Options {
  from: number;
  seeds: number;
  /** Also kill at every await. */
  kills: boolean;
  processes?: number;
  mutations?: readonly Mutation[];
  /** Told now and then. */
  onProgress?: (done: number) => void;
  /** Ends early when a world is guilty. */
  untilGuilty?: boolean;
}

/** Awaits that no world comes to, by file and line of code, and why that is right; at all others a kill must have been tried. */
const excused: readonly { file: RegExp; code: RegExp; why: string }[] = [
  {
    file: /^store\/(passage-cache|tab-reports|review-log|review-settings)\.ts$/,
    code: /./,
    why: "caches, lists and settings: not on the way of a decision",
  },
  {
    file: /^store\/connection\.ts$/,
    code: /fetch\(|storage\.local\.(set|remove)|response\.json/,
    why: "pairing is a person's act; the world writes what it would write",
  },
  {
    file: /^(review-host|store\/reviews)\.ts$/,
    code: /noteTagged|return prepareDecision/,
    why: "page reports and previews are not simulated",
  },
  {
    file: /^store\/sync\.ts$/,
    code: /bury\(|db\.transaction\("rw", \[db\.outbox, db\.dead\]|db\.dead\.put\(\{ id, bytes, decision, problem, at \}\)|^ {6}await db\.outbox\.where/,
    why: "the real server refuses rows, never a whole push for its content: tests/extension/store/sync.test.ts has that",
  },
];

/** True for an await that need not be come to. @param place `file:line:column` below extension/. */
function isExcused(place: string): boolean {
  const [file = "", line = "1"] = place.split(":");
  const code = readFileSync(join(import.meta.dirname, "..", "..", "extension", file), "utf8").split("\n")[Number(line) - 1] ?? "";
  return excused.some((excuse) => excuse.file.test(file) && excuse.code.test(code));
}

const kinds = ["lost", "doubled", "stuck", "diverged"] as const satisfies readonly (keyof Verdict)[];

export async function runMany({
  from,
  seeds,
  kills,
  processes = availableParallelism(),
  mutations = [],
  onProgress,
  untilGuilty = false,
}: Options): Promise<Sum> {
  const sum: Sum = {
    seeds: 0,
    faults: {},
    lost: 0,
    doubled: 0,
    stuck: 0,
    diverged: 0,
    nondeterministic: 0,
    comparedTwice: 0,
    awaitPoints: 0,
    awaitPointsKilled: 0,
    awaitPointsExcused: 0,
    unreached: [],
    guilty: [],
  };
  const take = (outcome: Outcome) => {
    for (const [kind, count] of Object.entries(outcome.faults)) sum.faults[kind] = (sum.faults[kind] ?? 0) + count;
    const faults = kinds.filter((kind) => outcome.verdict[kind].length > 0);
    for (const kind of faults) sum[kind]++;
    if (faults.length > 0 && sum.guilty.length < 20) sum.guilty.push(outcome);
  };
  const stop = new AbortController();
  const share = Math.ceil(seeds / processes);
  const orders = Array.from({ length: processes }, (_, index): Order => {
    const begin = from + index * share;
    return { kind: "seeds", from: begin, to: Math.min(from + seeds, begin + share), twiceEvery: 100 };
  });
  let points: readonly string[] = [];
  const onMessage = (message: Message) => {
    if (message.kind === "ready") points = message.points;
    if (message.kind !== "outcome") return;
    sum.seeds++;
    take(message.outcome);
    if (message.deterministic !== null) sum.comparedTwice++;
    if (message.deterministic === false) sum.nondeterministic++;
    if (untilGuilty && sum.guilty.length > 0) stop.abort();
    if (sum.seeds % 500 === 0) onProgress?.(sum.seeds);
  };
  await Promise.all(orders.map((order) => runProcess({ order, mutations }, onMessage, stop.signal)));
  if (!kills || stop.signal.aborted) return sum;

  const killed = new Map<number, number>();
  const all = points.map((_, point) => point);
  const parts = Array.from({ length: processes }, (_, index) => all.filter((point) => point % processes === index));
  await Promise.all(
    parts.map((part) =>
      runProcess(
        { order: { kind: "kills", points: part }, mutations },
        (message) => {
          if (message.kind !== "kill") return;
          if (!message.outcome) return;
          take(message.outcome);
          killed.set(message.point, (killed.get(message.point) ?? 0) + 1);
        },
        stop.signal,
      ),
    ),
  );
  sum.awaitPoints = points.length;
  sum.awaitPointsKilled = all.filter((point) => killed.get(point) === 2).length;
  const missed = all.filter((point) => killed.get(point) !== 2).map((point) => points[point] ?? "");
  sum.unreached = missed.filter((place) => !isExcused(place));
  sum.awaitPointsExcused = missed.length - sum.unreached.length;
  return sum;
}

function runProcess(job: Job, onMessage: (message: Message) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, "worker.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=64"],
      serialization: "advanced",
    });
    let done = false;
    child.on("message", (message: Message) => {
      if (message.kind === "done") done = true;
      onMessage(message);
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      done || signal.aborted ? resolve() : reject(new Error(`A process of the simulator ended with code ${code}.`)),
    );
    signal.addEventListener("abort", () => child.kill());
    child.send(job);
  });
}
