// A ticket in, a suggestion out: rules and model over all passages, with everything that differs between places injected.
import type { AnalyzeRequest, Block, ModelProblem, Span, Suggestion } from "../../shared/contract.ts";
import { textSha256 } from "../../shared/hex.ts";
import { decide, type EntitySpan } from "./decode.ts";
import { findIndicators } from "./indicators.ts";
import { mergeSpans } from "./merge-spans.ts";
import { ModelError } from "./model-store.ts";
import type { PassageCache } from "./passage-cache.ts";
import { passagesOf, placeInBlock } from "./passages.ts";
import { type ReadyModel, readPassage } from "./read-passage.ts";
import { pool, type WindowHeads } from "./windows.ts";

/** Most windows of one passage, and of one ticket, that the model reads; the rules read everything. */
export const windowLimits = { passage: 32, ticket: 96 } as const;

export interface AnalyzeDeps {
  /** The model, or why there is none: then the rules answer alone. */
  model: ReadyModel | ModelProblem;
  cache: PassageCache;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  signal?: AbortSignal | undefined;
  /** Share of the ticket that is read, 0 to 1. */
  onProgress?: ((progress: number) => void) | undefined;
  /** The caller had to cut text off (`clampBlocks`). */
  textCut?: boolean | undefined;
}

/** A comment's window counts this much of a description's, and less when it is short: "thanks, closed" must not undo the ticket. */
const commentShare = 0.25;
/** UTF-16 units that fill a window, roughly. */
const fullWindow = 1000;

interface ModelAnswer {
  heads: WindowHeads[];
  /** How much each window counts. */
  shares: number[];
  spans: EntitySpan[][];
  calls: number;
  truncated: boolean;
}

/**
 * @returns the suggestion; with a `problem` and rule-found spans only when there is no model or it failed on this ticket.
 * @throws AbortError when `signal` fired.
 */
export async function analyze(request: AnalyzeRequest, deps: AnalyzeDeps): Promise<Suggestion> {
  const began = deps.now();
  const { blocks, ticket } = request;
  const ruleSpans = blocks.map(({ text }) => findIndicators(text));
  const contentHash = await textSha256(JSON.stringify(blocks.map(({ role, text }) => [role, text])));
  let problem: ModelProblem | null = "code" in deps.model ? deps.model : null;
  let answer: ModelAnswer | null = null;
  const model = "code" in deps.model ? null : deps.model;
  if (model) {
    try {
      answer = await readAll(blocks, model, deps);
    } catch (error) {
      if (deps.signal?.aborted) throw error;
      problem = problemOf(error);
    }
  }
  const merged = blocks.map(({ id, text }, index) => ({
    id,
    spans: mergeSpans(
      ruleSpans[index] ?? [],
      (answer?.spans[index] ?? []).map((span) => toSpan(span, text)),
    ),
  }));
  const common = { ticket, contentHash, blocks: merged, problem, modelCalls: answer?.calls ?? 0 };
  if (!model || !answer || answer.heads.length === 0) {
    return {
      ...common,
      modelVersion: answer && model ? model.modelVersion : null,
      backend: answer && model ? model.backend : "rules",
      threatType: null,
      severity: null,
      confidence: 0,
      abstained: true,
      probabilities: null,
      severityProbabilities: null,
      truncated: deps.textCut ?? false,
      tookMs: Math.max(0, deps.now() - began),
    };
  }
  const pooled = pool(answer.heads, model.config.windows.beta, model.threatTypes.indexOf("benign"), answer.shares);
  return {
    ...common,
    modelVersion: model.modelVersion,
    backend: model.backend,
    ...decide(pooled, model.threatTypes, model.config),
    truncated: answer.truncated || (deps.textCut ?? false),
    tookMs: Math.max(0, deps.now() - began),
  };
}

async function readAll(blocks: readonly Block[], model: ReadyModel, { cache, signal, onProgress }: AnalyzeDeps): Promise<ModelAnswer> {
  const passages = passagesOf(blocks);
  const total = passages.reduce((sum, { text }) => sum + text.length, 0);
  const answer: ModelAnswer = { heads: [], shares: [], spans: blocks.map(() => []), calls: 0, truncated: false };
  let read = 0;
  for (const passage of passages) {
    signal?.throwIfAborted();
    const limit = Math.min(windowLimits.passage, windowLimits.ticket - answer.heads.length);
    if (limit <= 0) {
      answer.truncated = true;
      break;
    }
    const onWindow = (share: number) => onProgress?.((read + share * passage.text.length) / total);
    const reading = await readPassage(passage, { model, cache, limit, signal, onWindow });
    answer.heads.push(...reading.windows);
    reading.windows.forEach(({ end }, index) => {
      const length = end - (reading.windows[index - 1]?.end ?? 0);
      answer.shares.push(passage.comment ? commentShare * Math.min(1, Math.max(1, length) / fullWindow) : 1);
    });
    answer.calls += reading.calls;
    answer.truncated ||= reading.windows.length < reading.needed;
    for (const span of reading.spans) {
      const place = placeInBlock(passage, span.start, span.end);
      if (place) answer.spans[place.block]?.push({ ...span, start: place.start, end: place.end });
    }
    read += passage.text.length;
    onProgress?.(read / total);
  }
  return answer;
}

function toSpan({ start, end, label, score }: EntitySpan, text: string): Span {
  return { start, end, label, quote: text.slice(start, end), source: "model", score: Math.min(1, score) };
}

/** Any failure as a problem that people can read. */
export function problemOf(error: unknown): ModelProblem {
  if (error instanceof ModelError) return error.problem;
  const reason = error instanceof Error ? error.message : String(error);
  return { code: "failed", message: `The model stopped with an error: ${reason}`.slice(0, 500) };
}
