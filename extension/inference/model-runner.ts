// Runs the model that was chosen, tries a candidate beside it, and changes over: tickets that are being read are read to their end by the old one.
import type { AnalyzeRequest, ModelProblem, Suggestion } from "../../shared/contract.ts";
import { type ModelChoice, type ModelNews, packagedModel } from "../../shared/model-run.ts";
import type { EngineStatus, InferenceHost } from "./host.ts";

type AnalyzeOptions = Parameters<InferenceHost["analyze"]>[1];

interface Options {
  /** What is to be run now; its start is counted already. */
  first: ModelChoice;
  /** Makes the host of one model; null is the packaged one. A candidate is not current: nobody waits for it to load. */
  makeHost(counter: number | null, onStatus: (status: EngineStatus) => void, isCurrent: () => boolean): InferenceHost;
  /** Status of the model that runs. */
  onStatus(status: EngineStatus): void;
  /** Tells the background what became of a release. @returns what is to be run now. */
  tell(news: ModelNews): Promise<ModelChoice>;
  /** Asks what is to be run now, and counts the start of it. */
  choose(): Promise<ModelChoice>;
}

export interface ModelRunner {
  /** Answers always; see `InferenceHost`. */
  analyze(request: AnalyzeRequest, options?: AnalyzeOptions): Promise<Suggestion>;
  /** Loads the model, and says how its start ended. */
  warmUp(): Promise<void>;
  /** Loads a release beside the running model and compares; tells the background, and runs it when the background says so. */
  rehearse(counter: number): Promise<void>;
  /** Another model is to be run: the person, a policy or the operator says so. */
  changeOver(): Promise<void>;
  stop(): void;
}

interface Running {
  choice: ModelChoice;
  host: InferenceHost;
  /** Tickets that it reads now. */
  busy: number;
  retired: boolean;
  /** Its start ended well. */
  proven: boolean;
  /** A ticket went in since the start. */
  used: boolean;
  status: EngineStatus | null;
}

/** A window may take this many times as long as the running model's. */
const SLOWEST = 3;
/** ... and what nobody notices is never too slow. */
const UNNOTICED_MS = 25;
/** Runs and time that a candidate has to show that it is fast enough: the first ones are slow, more so on a busy machine. */
const TIMED_RUNS = { least: 5, most: 20 } as const;
const TIMED_MS = 15_000;
const fileProblems: readonly ModelProblem["code"][] = ["missing", "truncated", "altered"];

export function createModelRunner({ first, makeHost, onStatus, tell, choose }: Options): ModelRunner {
  const open = (choice: ModelChoice): Running => {
    const isCurrent = () => opened === current;
    const keepStatus = (status: EngineStatus) => {
      opened.status = status;
      if (isCurrent()) onStatus(status);
    };
    const host = makeHost(choice.counter, keepStatus, isCurrent);
    const opened: Running = { choice, host, busy: 0, retired: false, proven: false, used: false, status: null };
    return opened;
  };
  let current = open(first);
  let candidate: Running | null = null;

  const become = (next: Running) => {
    const old = current;
    current = next;
    if (next.status) onStatus(next.status);
    old.retired = true;
    if (old.busy === 0) old.host.stop();
  };

  /** @returns true when another model is to be run now. */
  const failed = async (asked: Running, { code, message }: ModelProblem, ticket = false): Promise<boolean> => {
    const { counter } = asked.choice;
    if (counter === null) return false;
    const news: ModelNews = { kind: "failed", counter, why: message, files: fileProblems.includes(code), ticket };
    // A background that cannot be reached cannot say what was there before: the packaged model always is.
    const next = await tell(news).catch(() => packagedModel);
    if (next.counter === counter) return false;
    if (current === asked) {
      become(open(next));
      void prove(current);
    }
    return true;
  };

  /** Loads it; a release in its trial has to pass its self-test at each start. */
  const prove = async (running: Running): Promise<void> => {
    const { counter, trial } = running.choice;
    if (counter === null) return running.host.warmUp();
    let problem: ModelProblem | null;
    try {
      await running.host.warmUp();
      if (trial && !running.host.diagnostics().problem) await running.host.selfTest();
      ({ problem } = running.host.diagnostics());
    } catch (error) {
      problem = { code: "failed", message: messageOf(error) };
    }
    if (running.retired) return;
    if (problem) {
      await failed(running, problem);
      return;
    }
    running.proven = true;
    await tell({ kind: "loaded", counter });
  };

  const readBy = async (asked: Running, request: AnalyzeRequest, options: AnalyzeOptions): Promise<Suggestion> => {
    asked.busy++;
    try {
      return await asked.host.analyze(request, options);
    } finally {
      asked.busy--;
      if (asked.retired && asked.busy === 0) asked.host.stop();
    }
  };

  return {
    async analyze(request, options) {
      for (;;) {
        const asked = current;
        const { counter, trial } = asked.choice;
        if (counter !== null && trial && !asked.used) {
          asked.used = true;
          // Before the ticket goes in: should it take the process down, the next start knows.
          await tell({ kind: "scanning", counter }).catch(() => undefined);
        }
        const suggestion = await readBy(asked, request, options);
        // A ticket may be the reason and not the model: then it still gives the published answers.
        const ticket = suggestion.problem !== null && asked.proven && (await asked.host.selfTest().catch(() => false));
        if (suggestion.problem && (await failed(asked, suggestion.problem, ticket))) continue;
        if (counter !== null && trial && !suggestion.problem) {
          const heard = ({ counter: runs, trial }: ModelChoice) => {
            // Once it is over nobody counts its tickets any more.
            if (runs === counter) asked.choice = { counter, trial };
          };
          void tell({ kind: "answered", counter }).then(heard, () => undefined);
        }
        return suggestion;
      }
    },
    warmUp: () => prove(current),
    async rehearse(counter) {
      if (current.choice.counter === counter || candidate?.choice.counter === counter) return;
      candidate?.host.stop();
      const tried = open({ counter, trial: true });
      candidate = tried;
      let beside: Running;
      let problem: ModelProblem | null;
      do {
        beside = current;
        problem = await compare(tried.host, beside.host);
        // What was left meanwhile may have ended in the middle of it: that says nothing of the candidate.
      } while (candidate === tried && problem && beside.retired);
      if (candidate !== tried) return;
      const [why, files] = [problem?.message ?? null, problem !== null && fileProblems.includes(problem.code)];
      const next = await tell({ kind: "rehearsed", counter, why, files }).catch(() => null);
      if (candidate === tried) candidate = null;
      if (next?.counter !== counter || current.choice.counter === counter) return tried.host.stop();
      tried.proven = true;
      become(tried);
    },
    async changeOver() {
      const next = await choose();
      const { counter } = next;
      if (counter === current.choice.counter) {
        // It runs already: asking counted a start that does not take place.
        if (counter !== null) await tell({ kind: "loaded", counter });
        return;
      }
      become(open(next));
      await prove(current);
    },
    stop() {
      current.host.stop();
      candidate?.host.stop();
    },
  };
}

/** Why a candidate must not run here; null when its answers are the published ones and it is not much slower than what runs. */
async function compare(candidate: InferenceHost, current: InferenceHost): Promise<ModelProblem | null> {
  try {
    await candidate.warmUp();
    const { problem } = candidate.diagnostics();
    if (problem) return problem;
    // It may have begun just now; while it loads there is no time to compare with. One that cannot load is no measure.
    await current.warmUp().catch(() => undefined);
    const slow = await slowness(candidate, current);
    if (slow) return { code: "failed", message: slow };
    await candidate.selfTest();
    return candidate.diagnostics().problem;
  } catch (error) {
    return { code: "failed", message: messageOf(error) };
  }
}

/** Why the candidate is too slow; null as soon as its best window is fast enough. */
async function slowness(candidate: InferenceHost, current: InferenceHost): Promise<string | null> {
  const { problem, backend, threads, choice } = current.diagnostics();
  // The candidate runs on one thread. What the running one needs there was measured in a quiet moment, which this need not be.
  const plain = !problem && backend === "wasm" && threads === 1;
  const known = plain ? undefined : choice?.measured.find((way) => way.backend === "wasm" && way.threads === 1)?.medianMs;
  let [its, ours] = [Number.POSITIVE_INFINITY, known ? 2 * known : Number.POSITIVE_INFINITY];
  const began = performance.now();
  for (let run = 1; run <= TIMED_RUNS.most && performance.now() - began < TIMED_MS; run++) {
    // In turns, so that other load on the machine meets both.
    if (plain) ours = Math.min(ours, await current.measure());
    its = Math.min(its, await candidate.measure());
    if (run >= TIMED_RUNS.least && its <= Math.max(UNNOTICED_MS, ours * SLOWEST)) return null;
  }
  return `A window took ${its.toFixed(1)} ms, the running model's ${ours.toFixed(1)} ms`;
}

/** No longer than the contract has room for: news that is too long would be refused, and the model tried again and again. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
