// What the finders of redaction share: the shape of a finding, and what a finder promises.
import type { Range } from "../../shared/span.ts";

/** What is hidden; the placeholder is the kind in square brackets. */
export const hiddenKinds = ["email", "phone", "token", "key", "jwt", "iban", "card", "query", "user"] as const;
export type HiddenKind = (typeof hiddenKinds)[number];

export interface Finding extends Range {
  kind: HiddenKind;
  /** What must be free of walls for it to count, because another text there could have led elsewhere: by default it and one unit to each side. */
  needs?: Range;
}

/** Stands for every unit that is hidden already, or belongs to a placeholder: white space that nobody writes, so that no run of anything goes on over it. */
export const wall = "\v";

/**
 * Finds one sort of thing, in time linear in the text, where what is hidden already reads as walls. It must be local: whether a range is found
 * depends on nothing but the text in its `needs`. This is why redacting again hides nothing more.
 */
export type Finder = (text: string, own: ReadonlySet<string>) => Iterable<Finding>;

/** `end` without the marks before it; a loop, since `/[.,]+$/` takes quadratic time on a text of dots. */
export function endWithout(text: string, start: number, end: number, marks: RegExp): number {
  let at = end;
  while (at > start && marks.test(text[at - 1] ?? "")) at--;
  return at;
}

/** A dot of an address, plain or defanged, as a part of a pattern. */
export const dot = String.raw`(?:\.|\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\})`;
