// Long texts as overlapping windows of tokens, and one answer pooled from them; the same rules as trainer/windows.py.
import type { DecodingConfig } from "../../shared/contract.ts";

export type WindowRule = DecodingConfig["windows"];

/** Raw answers of the network to one window: threat type [13], severity [4], entities [tokens x labels, row by row]. */
export interface WindowLogits {
  threat: ArrayLike<number>;
  severity: ArrayLike<number>;
  /** One row for each token of the window, [CLS] and [SEP] included. */
  entity: Float32Array;
}

/** What pooling needs of one window. */
export interface WindowHeads {
  threat: ArrayLike<number>;
  severity: ArrayLike<number>;
}

const MAX_LOG_ODDS = 8;
const SMALLEST = 1e-12;

/** Tokens of a window's text: its length without [CLS] and [SEP]. */
export function contentLength(rule: WindowRule): number {
  return rule.length - 2;
}

/** First token of each window of a text of `tokens` tokens; the last window is the first that reaches the end. Never empty. */
export function windowStarts(tokens: number, rule: WindowRule): number[] {
  const content = contentLength(rule);
  const step = content - rule.overlap;
  if (step <= 0) throw new RangeError(`Windows of ${rule.length} tokens cannot share ${rule.overlap}`);
  const starts = [0];
  for (let start = 0; start + content < tokens; ) {
    start += step;
    starts.push(start);
  }
  return starts;
}

/** Logarithms of the softmax, without overflow. */
export function logSoftmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const top = Math.max(...values);
  const logOfSum = Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return values.map((value) => value - top - logOfSum);
}

/** Probabilities; `temperature` > 1 makes them less sure. */
export function softmax(logits: ArrayLike<number>, temperature = 1): number[] {
  return logSoftmax(Array.from(logits, (value) => value / temperature)).map(Math.exp);
}

export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  return best;
}

/**
 * Log probabilities of threat type and severity for a text, from all its windows: those that look less benign weigh more.
 * @param shares how much each window counts beside that, above 0; all alike when absent (as in the trainer).
 * @throws RangeError without any window.
 */
export function pool(
  windows: readonly WindowHeads[],
  beta: number,
  benign: number,
  shares?: readonly number[],
): { threat: number[]; severity: number[] } {
  if (windows.length === 0) throw new RangeError("There is no window to pool");
  const threats = windows.map(({ threat }) => logSoftmax(threat));
  const severities = windows.map(({ severity }) => logSoftmax(severity));
  const odds = threats.map((logs) => {
    const p = Math.min(1 - SMALLEST, Math.max(SMALLEST, Math.exp(logs[benign] ?? 0)));
    return Math.min(MAX_LOG_ODDS, Math.max(-MAX_LOG_ODDS, Math.log((1 - p) / p)));
  });
  const weights = softmax(odds.map((odd, index) => beta * odd + Math.log(shares?.[index] ?? 1)));
  return { threat: weightedSum(threats, weights), severity: weightedSum(severities, weights) };
}

function weightedSum(rows: readonly number[][], weights: readonly number[]): number[] {
  return (rows[0] ?? []).map((_, column) => rows.reduce((sum, row, index) => sum + (weights[index] ?? 0) * (row[column] ?? 0), 0));
}

/** Collects a text's entity logits: a token of two windows keeps those of the one it lies deeper in, at a tie of the earlier. */
export function createEntityRows(
  tokens: number,
  labels: number,
): { add(start: number, window: Float32Array): void; readonly rows: Float32Array } {
  const rows = new Float32Array(tokens * labels);
  const depth = new Int32Array(tokens).fill(-1);
  return {
    rows,
    add(start, window) {
      const content = window.length / labels - 2;
      for (let position = 0; position < content && start + position < tokens; position++) {
        const edge = Math.min(position, content - 1 - position);
        if (edge <= (depth[start + position] ?? 0)) continue;
        depth[start + position] = edge;
        rows.set(window.subarray((position + 1) * labels, (position + 2) * labels), (start + position) * labels);
      }
    },
  };
}
