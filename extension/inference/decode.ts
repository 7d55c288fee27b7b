// From the network's numbers to labels: entity spans of a text, and the ticket's threat type and severity.
import { type DecodingConfig, EntityLabel, type Severity, type ThreatType } from "../../shared/contract.ts";
import { argMax, softmax } from "./windows.ts";
import type { Encoding } from "./wordpiece.ts";

/** A model-found span: half-open UTF-16 range, label, mean probability of its words. */
export interface EntitySpan {
  start: number;
  end: number;
  label: EntityLabel;
  score: number;
}

interface Word {
  start: number;
  end: number;
  bio: string;
  score: number;
}

/**
 * Spans of one text. A word takes the label of its first sub-word; `I-X` without an open X begins a span.
 * @param text what was tokenised: spans of blanks and punctuation only are dropped.
 * @param tokens how many tokens of `encoding` the windows covered.
 * @param rows entity logits, one row of `config.entities.length` numbers a token.
 * @param breaks ascending offsets that no span may cross, e.g. the border of two blocks.
 */
export function decodeSpans(
  text: string,
  encoding: Encoding,
  tokens: number,
  rows: Float32Array,
  config: DecodingConfig,
  breaks: readonly number[] = [],
): EntitySpan[] {
  const found: EntitySpan[] = [];
  let open: Word[] = [];
  const close = () => {
    const first = open[0];
    const last = open.at(-1);
    if (first && last) {
      const score = open.reduce((sum, word) => sum + word.score, 0) / open.length;
      const sayable = /[\p{L}\p{N}]/u.test(text.slice(first.start, last.end));
      if (score >= config.thresholds.entity && sayable) {
        found.push({ start: first.start, end: last.end, label: EntityLabel.parse(first.bio.slice(2)), score });
      }
    }
    open = [];
  };
  let nextBreak = 0;
  for (const word of wordsOf(encoding, tokens, rows, config)) {
    while (nextBreak < breaks.length && word.start >= (breaks[nextBreak] ?? 0)) {
      close();
      nextBreak++;
    }
    if (word.bio === "O") close();
    else if (word.bio.startsWith("I-") && open[0]?.bio.slice(2) === word.bio.slice(2)) open.push(word);
    else {
      close();
      open = [word];
    }
  }
  close();
  return found;
}

function* wordsOf(encoding: Encoding, tokens: number, rows: Float32Array, config: DecodingConfig): Generator<Word> {
  const labels = config.entities.length;
  const { starts, ends, wordStart } = encoding;
  for (let token = 0; token < tokens; ) {
    let last = token;
    while (last + 1 < tokens && !wordStart[last + 1]) last++;
    const row = rows.subarray(token * labels, (token + 1) * labels);
    const best = argMax(row);
    const bio = config.entities[best] ?? "O";
    // "O" needs no score, and most words are "O".
    const score = bio === "O" ? 1 : (softmax(row, config.temperatures.entity)[best] ?? 0);
    yield { start: starts[token] ?? 0, end: ends[last] ?? 0, bio, score };
    token = last + 1;
  }
}

/** The ticket's labels with calibrated probabilities; `abstained` when the best class stays below its threshold. */
export interface Decision {
  threatType: ThreatType;
  severity: Severity;
  confidence: number;
  abstained: boolean;
  probabilities: Record<ThreatType, number>;
  severityProbabilities: Record<Severity, number>;
}

/** @param threatTypes the model's classes in the order of its logits. */
export function decide(
  pooled: { threat: number[]; severity: number[] },
  threatTypes: readonly ThreatType[],
  config: DecodingConfig,
): Decision {
  const threat = softmax(pooled.threat, config.temperatures.threatType);
  const severity = softmax(pooled.severity, config.temperatures.severity);
  const best = threatTypes[argMax(threat)];
  // By the guide (docs/labels.md) an ordinary ticket is always low, whatever the severity head thinks of its words.
  const hardest = best === "benign" ? "low" : config.severity[argMax(severity)];
  if (best === undefined || hardest === undefined) throw new RangeError("The model has more answers than labels");
  const confidence = Math.min(1, Math.max(...threat));
  return {
    threatType: best,
    severity: hardest,
    confidence,
    abstained: confidence < config.thresholds.threatType[best],
    probabilities: byName(threatTypes, threat),
    severityProbabilities: byName(config.severity, severity),
  };
}

function byName<K extends string>(names: readonly K[], values: readonly number[]): Record<K, number> {
  const pairs = names.map((name, index): [K, number] => [name, Math.min(1, values[index] ?? 0)]);
  // `fromEntries` widens the keys to string; they are exactly `names`.
  return Object.fromEntries(pairs) as Record<K, number>;
}
