// Text with its defanged places made plain, and the way back from every position to the text as shown.

/** The plain form of a text. Positions of `plain` are translated by `shown`. */
export interface PlainText {
  plain: string;
  /** Position in `plain` -> position in the shown text. Holds for starts and ends of hits. */
  shown(position: number): number;
}

const plainOf: ReadonlyMap<string, string> = new Map([
  [".", "."],
  ["dot", "."],
  [":", ":"],
  ["://", "://"],
  ["/", "/"],
  ["//", "//"],
  ["@", "@"],
  ["at", "@"],
]);
const bracketed = /\[(\.|dot|:\/\/|:|\/\/|\/|@|at)\]|\((\.|dot|:|@|at)\)|\{(\.|dot|:|@|at)\}/gi;

/** `[.]` `(.)` `{.}` `[dot]` `[:]` `[://]` `[/]` `[@]` `[at]` and their like, without spaces, become what they stand for. */
export function plainText(text: string): PlainText {
  const plainAt: number[] = [0];
  const shownAt: number[] = [0];
  const pieces: string[] = [];
  let length = 0;
  let from = 0;
  const mark = (shown: number) => {
    plainAt.push(length);
    shownAt.push(shown);
  };
  for (const match of text.matchAll(bracketed)) {
    const plain = plainOf.get((match[1] ?? match[2] ?? match[3] ?? "").toLowerCase()) ?? match[0];
    pieces.push(text.slice(from, match.index), plain);
    length += match.index - from;
    mark(match.index);
    length += plain.length;
    from = match.index + match[0].length;
    mark(from);
  }
  if (pieces.length === 0) return { plain: text, shown: (position) => position };
  pieces.push(text.slice(from));
  return {
    plain: pieces.join(""),
    shown(position) {
      let low = 0;
      let high = plainAt.length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if ((plainAt[middle] ?? 0) <= position) low = middle;
        else high = middle;
      }
      return (shownAt[low] ?? 0) + position - (plainAt[low] ?? 0);
    },
  };
}
