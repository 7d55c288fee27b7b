// Runs the model that was chosen, tries a candidate beside it, and changes over: tickets that are being read are read to their end by the old one.
import type { AnalyzeRequest, ModelProblem, Suggestion } from "../../shared/contract.ts";
import { type ModelChoice, type ModelNews, packagedModel } from "../../shared/model-run.ts";
import type { EngineStatus, InferenceHost } from "./host.ts";

type AnalyzeOptions = Parameters<InferenceHost["analyze"]>[1];

interface Options {
  /** What is to be run now; its start is counted already. */
  first: ModelChoice;
  /** Makes the host of one model; null is the packaged one. */
  makeHost(counter: number | null, onStatus: (status: EngineStatus) => void): InferenceHost;
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
const TIMED_RUNS = 5;
const fileProblems: readonly ModelProblem["code"][] = ["missing", "truncated", "altered"];

export function createModelRunner({ first, makeHost, onStatus, tell, choose }: Options): ModelRunner {
  const open = (choice: ModelChoice): Running => {
    const host = makeHost(choice.counter, (status) => {
      opened.status = status;
      if (opened === current) onStatus(status);
    });
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
  const failed = async (asked: Running, { code, message }: ModelProblem): Promise<boolean> => {
    const { counter } = asked.choice;
    if (counter === null) return false;
    const news: ModelNews = { kind: "failed", counter, why: message, files: fileProblems.includes(code), ticket: asked.proven };
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
        if (suggestion.problem && (await failed(asked, suggestion.problem))) continue;
        if (counter !== null && trial && !suggestion.problem) void tell({ kind: "answered", counter }).catch(() => undefined);
        return suggestion;
      }
    },
    warmUp: () => prove(current),
    async rehearse(counter) {
      if (current.choice.counter === counter || candidate?.choice.counter === counter) return;
      candidate?.host.stop();
      const tried = open({ counter, trial: true });
      candidate = tried;
      const why = await compare(tried.host, current.host);
      if (candidate !== tried) return;
      const next = await tell({ kind: "rehearsed", counter, why }).catch(() => null);
      if (candidate === tried) candidate = null;
      if (next?.counter !== counter || current.choice.counter === counter) return tried.host.stop();
      tried.proven = true;
      become(tried);
    },
    async changeOver() {
      const next = await choose();
      if (next.counter === current.choice.counter) return;
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
async function compare(candidate: InferenceHost, current: InferenceHost): Promise<string | null> {
  try {
    await candidate.warmUp();
    const { problem } = candidate.diagnostics();
    if (problem) return problem.message;
    const [its, ours] = await timesOf(candidate, current);
    if (its > ours * SLOWEST) return `A window took ${its.toFixed(1)} ms, the running model's ${ours.toFixed(1)} ms`;
    await candidate.selfTest();
    return candidate.diagnostics().problem?.message ?? null;
  } catch (error) {
    return messageOf(error).slice(0, 500);
  }
}

/** Milliseconds of a window, least of several; infinite where the running model has no figure to compare with. */
async function timesOf(candidate: InferenceHost, current: InferenceHost): Promise<[number, number]> {
  const { problem, backend, threads, choice } = current.diagnostics();
  // The candidate runs on one thread. What the running one needs there was measured in a quiet moment, which this need not be.
  const plain = !problem && backend === "wasm" && threads === 1;
  const known = choice?.measured.find((way) => way.backend === "wasm" && way.threads === 1)?.medianMs;
  const [its, ours]: [number[], number[]] = [[], plain ? [] : [known ? 2 * known : Number.POSITIVE_INFINITY]];
  // In turns, so that other load on the machine meets both.
  for (let run = 0; run < TIMED_RUNS; run++) {
    its.push(await candidate.measure());
    if (plain) ours.push(await current.measure());
  }
  return [Math.min(...its), Math.min(...ours)];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
