// BertNormalizer of the reference, character by character, with the place in the original text kept for each character made.
import * as tables from "./wordpiece-unicode.ts";

/** Options of a `BertNormalizer`. */
export interface NormalizerOptions {
  cleanText: boolean;
  handleChineseChars: boolean;
  stripAccents: boolean;
  lowercase: boolean;
}

/** Takes one character: its code point and the UTF-16 range of the original text that it stands for. */
export type Emit = (codePoint: number, start: number, end: number) => void;

const REMOVED = 1;
const SPACE = 2;
const IDEOGRAPH = 4;
const MARK = 8;
const NONSTARTER = 16;
const DECOMPOSED = 32;
export const WHITE = 64;
export const PUNCTUATION = 128;
const REPLACEMENT = 0xfffd;

/** One byte of class bits for every code point. */
export const classes: Uint8Array = makeClasses();
const newLowercase = new Map(tables.newLowercase.split(" ").map(parseRange));
/** Only where one of these stands does the canonical order of marks show in the result: all other marks go. */
const reordering = new RegExp(`[${escapeRanges(tables.reorderingRanges)}]`, "u");

/** Sends the normalized characters of `text.slice(from, to)` to `emit`, in order. A lone surrogate counts as U+FFFD, as in UTF-8. */
export function normalize(text: string, from: number, to: number, options: NormalizerOptions, emit: Emit): void {
  if (!options.stripAccents) {
    clean(text, from, to, options, options.lowercase ? (c, start, end) => lowerTo(c, start, end, emit) : emit);
    return;
  }
  const finish: Emit = (codePoint, start, end) => {
    if ((classes[codePoint] ?? 0) & MARK) return;
    if (options.lowercase) lowerTo(codePoint, start, end, emit);
    else emit(codePoint, start, end);
  };
  if (reordering.test(text.slice(from, to))) {
    const characters: Character[] = [];
    clean(text, from, to, options, (codePoint, start, end) => characters.push({ codePoint, start, end }));
    decomposeInOrder(characters, finish);
    return;
  }
  clean(text, from, to, options, (codePoint, start, end) => {
    if ((classes[codePoint] ?? 0) & DECOMPOSED) for (const part of decompose(codePoint)) finish(part, start, end);
    else finish(codePoint, start, end);
  });
}

interface Character {
  codePoint: number;
  start: number;
  end: number;
}

/** First two steps: unwanted characters go, kinds of space become one, ideographs get spaces around them. */
function clean(text: string, from: number, to: number, options: NormalizerOptions, emit: Emit): void {
  for (let start = from, end = from; start < to; start = end) {
    let codePoint = text.codePointAt(start) ?? REPLACEMENT;
    end = start + (codePoint > 0xffff ? 2 : 1);
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) codePoint = REPLACEMENT;
    const bits = classes[codePoint] ?? 0;
    if (options.cleanText && bits & REMOVED) continue;
    if (options.cleanText && bits & SPACE) codePoint = 0x20;
    if (options.handleChineseChars && bits & IDEOGRAPH) {
      emit(0x20, start, end);
      emit(codePoint, start, end);
      emit(0x20, start, end);
    } else emit(codePoint, start, end);
  }
}

const decompositions = new Map<number, number[]>();
function decompose(codePoint: number): number[] {
  let parts = decompositions.get(codePoint);
  if (!parts) {
    parts = codePoints(String.fromCodePoint(codePoint).normalize("NFD"));
    decompositions.set(codePoint, parts);
  }
  return parts;
}

/**
 * NFD with its reordering of marks. The reference changes the characters' order but hands out places by position: the n-th
 * character that was not inserted gets the place of the n-th original one, an inserted one that of the character before.
 */
function decomposeInOrder(characters: readonly Character[], emit: Emit): void {
  let original = 0;
  // Numbers, not objects, since a hostile run may be millions long: twice the code point, plus 1 for an inserted character.
  let run: number[] = [];
  const flush = () => {
    for (const item of run.length > 1 ? canonicalOrder(run) : run) {
      const place = characters[item & 1 ? Math.max(0, original - 1) : original++];
      if (place) emit(item >> 1, place.start, place.end);
    }
    run = [];
  };
  for (const { codePoint } of characters) {
    const parts = (classes[codePoint] ?? 0) & DECOMPOSED ? decompose(codePoint) : [codePoint];
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] ?? 0;
      if (!((classes[part] ?? 0) & NONSTARTER)) flush();
      run.push(part * 2 + (index > 0 ? 1 : 0));
    }
  }
  flush();
}

/**
 * Stable sort by combining class, in linear time. `String.normalize` on the run itself would take quadratic time on a long one,
 * so it is only asked once how any two marks stand to each other.
 */
function canonicalOrder(run: readonly number[]): number[] {
  ranks ??= rankNonstarters();
  const buckets: number[][] = [];
  for (const item of run) {
    const rank = ranks.get(item >> 1) ?? 0;
    const bucket = buckets[rank];
    if (bucket) bucket.push(item);
    else buckets[rank] = [item];
  }
  return buckets.flat();
}

let ranks: Map<number, number> | null = null;
function rankNonstarters(): Map<number, number> {
  const swapped = (a: number, b: number) => String.fromCodePoint(a, b).normalize("NFD") !== String.fromCodePoint(a, b);
  const compare = (a: number, b: number) => Number(swapped(a, b)) - Number(swapped(b, a));
  const sorted: number[] = [];
  for (const [first, last] of tables.nonstarterRanges.split(" ").map(parseRange)) {
    for (let point = first; point <= last; point++) if (!((classes[point] ?? 0) & DECOMPOSED)) sorted.push(point);
  }
  sorted.sort(compare);
  const found = new Map<number, number>();
  let rank = 1;
  for (const [index, point] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before !== undefined && compare(before, point) !== 0) rank++;
    found.set(point, rank);
  }
  return found;
}

const lowered = new Map<number, number[]>();
function lowerTo(codePoint: number, start: number, end: number, emit: Emit): void {
  if (codePoint < 0x80) {
    emit(codePoint >= 0x41 && codePoint <= 0x5a ? codePoint + 0x20 : codePoint, start, end);
    return;
  }
  let parts = lowered.get(codePoint);
  if (!parts) {
    const pinned = newLowercase.get(codePoint);
    parts = pinned === undefined ? codePoints(String.fromCodePoint(codePoint).toLowerCase()) : [pinned];
    lowered.set(codePoint, parts);
  }
  for (const part of parts) emit(part, start, end);
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? REPLACEMENT);
}

function parseRange(range: string): [number, number] {
  const [first = "", last = first] = range.split("-");
  return [parseInt(first, 16), parseInt(last, 16)];
}

function escapeRanges(ranges: string): string {
  const escaped = (point: number) => `\\u{${point.toString(16)}}`;
  return ranges
    .split(" ")
    .map(parseRange)
    .map(([first, last]) => `${escaped(first)}-${escaped(last)}`)
    .join("");
}

function makeClasses(): Uint8Array {
  const bits = new Uint8Array(0x110000);
  const sources: [string, number][] = [
    [tables.removedRanges, REMOVED],
    [tables.spaceRanges, SPACE],
    [tables.ideographRanges, IDEOGRAPH],
    [tables.markRanges, MARK],
    [tables.nonstarterRanges, NONSTARTER],
    [tables.decomposedRanges, DECOMPOSED],
    [tables.whiteRanges, WHITE],
    [tables.punctuationRanges, PUNCTUATION],
  ];
  for (const [ranges, bit] of sources) {
    for (const [first, last] of ranges.split(" ").map(parseRange))
      for (let point = first; point <= last; point++) bits[point] = (bits[point] ?? 0) | bit;
  }
  return bits;
}
