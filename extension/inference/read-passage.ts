// The model's reading of one passage: from the cache, or window by window through the network.
import type { DecodingConfig, ThreatType } from "../../shared/contract.ts";
import { textSha256 } from "../../shared/hex.ts";
import { decodeSpans } from "./decode.ts";
import type { PassageCache, PassageReading } from "./passage-cache.ts";
import { breaksOf, type Passage } from "./passages.ts";
import { contentLength, createEntityRows, type WindowLogits, windowStarts } from "./windows.ts";
import type { Tokenizer } from "./wordpiece.ts";

/** A model that is ready to answer. */
export interface ReadyModel {
  tokenizer: Tokenizer;
  config: DecodingConfig;
  /** Classes in the order of the model's logits. */
  threatTypes: readonly ThreatType[];
  modelVersion: string;
  /** Changes with any file that takes part in an answer, also where a version's name stayed. */
  fingerprint: string;
  backend: "wasm" | "webgpu";
  /** Runs one window of token ids, [CLS] and [SEP] included. */
  runWindow(ids: readonly number[]): Promise<WindowLogits>;
}

export interface ReadOptions {
  model: ReadyModel;
  cache: PassageCache;
  /** Most windows that may be read. */
  limit: number;
  signal?: AbortSignal | undefined;
  /** Called after each window that the network read, with the share of the passage that is done. */
  onWindow?: ((done: number) => void) | undefined;
}

/** A reading cut to the limit, and how many windows the network had to read for it. */
export interface Reading extends PassageReading {
  calls: number;
}

/** @throws AbortError between two windows when `signal` fired; whatever `runWindow` throws. */
export async function readPassage(passage: Passage, { model, cache, limit, signal, onWindow }: ReadOptions): Promise<Reading> {
  const key = await passageKey(passage, model);
  const known = await cache.get(key);
  if (known && known.windows.length >= Math.min(known.needed, limit)) return { ...cut(known, limit), calls: 0 };
  signal?.throwIfAborted();

  const { tokenizer, config } = model;
  const encoding = tokenizer.encode(passage.text);
  const tokens = encoding.ids.length;
  const content = contentLength(config.windows);
  const starts = windowStarts(tokens, config.windows);
  const used = starts.slice(0, limit);
  const covered = Math.min(tokens, (used.at(-1) ?? 0) + content);
  const entities = createEntityRows(covered, config.entities.length);
  const windows: PassageReading["windows"] = [];
  for (const [index, start] of used.entries()) {
    signal?.throwIfAborted();
    const { threat, severity, entity } = await model.runWindow([
      tokenizer.cls,
      ...encoding.ids.slice(start, start + content),
      tokenizer.sep,
    ]);
    entities.add(start, entity);
    const reaches = start + content >= tokens ? passage.text.length : (encoding.ends[start + content - 1] ?? passage.text.length);
    windows.push({ threat: Array.from(threat), severity: Array.from(severity), end: reaches });
    onWindow?.((index + 1) / used.length);
  }
  const spans = decodeSpans(passage.text, encoding, covered, entities.rows, config, breaksOf(passage));
  const reading: PassageReading = { needed: starts.length, windows, spans };
  await cache.put(key, reading);
  return { ...reading, calls: windows.length };
}

/** More windows may be known than this answer may use: the answer must not depend on what was read before. */
function cut(reading: PassageReading, limit: number): PassageReading {
  if (reading.windows.length <= limit) return reading;
  const windows = reading.windows.slice(0, limit);
  const end = windows.at(-1)?.end ?? 0;
  return { needed: reading.needed, windows, spans: reading.spans.filter((span) => span.end <= end) };
}

function passageKey(passage: Passage, model: ReadyModel): Promise<string> {
  return textSha256(JSON.stringify([model.fingerprint, model.backend, breaksOf(passage), passage.text]));
}
