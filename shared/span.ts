// Pure algebra of spans: UTF-16 offsets, half-open, into one block's text.

export interface Range {
  start: number;
  end: number;
}

/** An edit of a text: `deleted` units at `at` gave way to `inserted` units. */
export interface Edit {
  at: number;
  deleted: number;
  inserted: number;
}

export function overlaps(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

/** True when the span's quote is exactly what the text has there: the only reason to trust a position. */
export function quoteMatches(text: string, span: Range & { quote: string }): boolean {
  return span.start >= 0 && span.end <= text.length && span.start < span.end && text.slice(span.start, span.end) === span.quote;
}

/** The one edit (common prefix and suffix removed) that turns `before` into `after`; null when they are equal. */
export function editBetween(before: string, after: string): Edit | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < most && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix++;
  let suffix = 0;
  while (suffix < most - prefix && before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)) suffix++;
  return { at: prefix, deleted: before.length - prefix - suffix, inserted: after.length - prefix - suffix };
}

/** Spans after an edit: those that it touched are dropped, those behind it are shifted. */
export function shiftSpans<T extends Range>(spans: readonly T[], edit: Edit): T[] {
  const editEnd = edit.at + edit.deleted;
  const by = edit.inserted - edit.deleted;
  const kept: T[] = [];
  for (const span of spans) {
    if (span.end <= edit.at) kept.push(span);
    else if (span.start >= editEnd) kept.push({ ...span, start: span.start + by, end: span.end + by });
  }
  return kept;
}

/** Sorted by place; of two that overlap, the one that comes first in `spans` stays. */
export function withoutOverlaps<T extends Range>(spans: readonly T[]): T[] {
  const kept: T[] = [];
  for (const span of spans) if (!kept.some((other) => overlaps(span, other))) kept.push(span);
  return kept.sort((a, b) => a.start - b.start || a.end - b.end);
}
