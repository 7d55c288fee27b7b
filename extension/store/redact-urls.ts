// Finds what an address says beside where it leads: user name and password, query, fragment. The rest of it is an indicator and stays.
import { dot, type Finding, wall } from "./redact-finding.ts";

const separator = /:\/\/|\[:\/\/\]|\[:\]\/\/|:\[\/\/\]|\[:\]\[\/\/\]|:\\\/\\\/|mailto:/gi;
const plain = /[^\s<>"`“”„«»,;|\]]+/y;
/** Where the next of two addresses in a row begins, and the middle of the markup `[address](address)`. */
const border = /[,;|](?=[a-z*]{2,12}(?::\/\/|\[:))|\]\(/iy;
const label = String.raw`[\p{L}\p{N}\p{M}_-]`;
const unit = String.raw`[\p{L}\p{N}\p{M}_./\\@%:~+&$!-]`;
const defanged = String.raw`[\[({](?:\.|dot|\/|:)[\])}]`;
/** `evil[.]example/a`, `203.0.113.7:8080/a` at the end of what stands before a `?`. A path alone (`/search?q=`) names no person as such: it stays. */
const host = new RegExp(
  `(?<![\\p{L}\\p{N}\\p{M}_./\\\\${wall}-]|${defanged})(?:${label}+${dot})+${label}+(?::\\d{1,5})?((?:[/\\\\]|\\[/\\])(?:${unit}|${defanged})*)?$`,
  "iu",
);
/** Units of such an address before its `?`; this bounds what one `?` costs. */
const longestPath = 512;

/** In addresses with a scheme. */
export function* findQueries(text: string): Iterable<Finding> {
  // One run of text may hold several separators: it is read once.
  let end = 0;
  let query = 0;
  for (const match of text.matchAll(separator)) {
    const start = match.index + match[0].length;
    if (start > end) {
      end = trimmedEnd(text, start, runEnd(text, start));
      const length = text.slice(start, end).search(/[?#]/);
      query = length < 0 ? end : start + length + 1;
      if (query < end) yield { kind: "query", start: query, end, needs: { start: match.index, end } };
    }
    if (start > query || match[0].toLowerCase() === "mailto:") continue;
    const run = text.slice(start, query);
    const at = start + Math.max(...["@", "[@"].map((mark) => run.slice(0, run.search(/[/?#\\]|\[\/\]|$/)).lastIndexOf(mark)));
    if (at > start) yield { kind: "query", start, end: at, needs: { start: match.index, end: at } };
  }
}

/** In addresses without a scheme. */
export function* findBareQueries(text: string): Iterable<Finding> {
  let covered = 0;
  for (const { index } of text.matchAll(/[?#]/g)) {
    if (index < covered) continue;
    let from = index;
    while (from > covered && index - from < longestPath && !/[\s<>"`?#]/.test(text[from - 1] ?? "")) from--;
    covered = index;
    // With one unit more, so that the pattern sees what the run follows.
    const before = text.slice(Math.max(0, from - 1), index);
    const found = host.exec(before);
    if (!found || (found[1] === undefined && !/^[\w.-]{1,64}=/.test(text.slice(index + 1, index + 66)))) continue;
    const start = index + 1;
    const end = trimmedEnd(text, start, runEnd(text, start));
    covered = Math.max(end, start);
    if (end > start) yield { kind: "query", start, end, needs: { start: index - before.length + found.index, end } };
  }
}

function runEnd(text: string, from: number): number {
  let at = from;
  for (;;) {
    plain.lastIndex = at;
    at += plain.exec(text)?.[0].length ?? 0;
    border.lastIndex = at;
    if (!/[,;|\]]/.test(text[at] ?? "") || border.test(text)) return at;
    at++;
  }
}

/** Without the sentence's own marks and closing brackets that were opened before the address. */
function trimmedEnd(text: string, from: number, to: number): number {
  const spare: Record<string, number> = { ")": 0, "]": 0, "}": 0 };
  const opening: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
  for (let at = from; at < to; at++) {
    const mark = text[at] ?? "";
    const closing = opening[mark] ?? mark;
    if (closing in spare) spare[closing] = (spare[closing] ?? 0) + (mark === closing ? 1 : -1);
  }
  let end = to;
  for (; end > from; end--) {
    const mark = text[end - 1] ?? "";
    if (/[.,;:!?'*_~…|]/.test(mark)) continue;
    if ((spare[mark] ?? 0) <= 0) break;
    spare[mark] = (spare[mark] ?? 0) - 1;
  }
  return end;
}
