// Span algebra over edits, checked against a model that applies the edit to the text.
import fc from "fast-check";
import { expect, test } from "vitest";
import { editBetween, quoteMatches, shiftSpans, withoutOverlaps } from "../../shared/span.ts";

test("after any edit each kept span still names its own words, and each untouched span is kept", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.nat(60),
      fc.nat(20),
      fc.string({ maxLength: 10 }),
      fc.nat(60),
      fc.nat(10),
      (text, at, cut, insert, from, size) => {
        const place = Math.min(at, text.length);
        const after = text.slice(0, place) + insert + text.slice(place + cut);
        const start = Math.min(from, text.length);
        const end = Math.min(text.length, start + size + 1);
        if (start === end) return;
        const span = { start, end, quote: text.slice(start, end) };
        const edit = editBetween(text, after);
        const kept = edit ? shiftSpans([span], edit) : [span];
        for (const one of kept) expect(quoteMatches(after, one)).toBe(true);
        if (edit && (end <= edit.at || start >= edit.at + edit.deleted)) expect(kept).toHaveLength(1);
      },
    ),
  );
});

test("equal texts have no edit", () => {
  expect(editBetween("same", "same")).toBeNull();
  expect(editBetween("aXb", "ab")).toEqual({ at: 1, deleted: 1, inserted: 0 });
});

test("of overlapping spans the first named stays, and the result is sorted", () => {
  const spans = [
    { start: 5, end: 9 },
    { start: 0, end: 6 },
    { start: 0, end: 5 },
  ];
  expect(withoutOverlaps(spans)).toEqual([
    { start: 0, end: 5 },
    { start: 5, end: 9 },
  ]);
});
