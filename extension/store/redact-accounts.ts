// Finds e-mail addresses, plain or defanged, and account names of the own domains.
import { dot, endWithout, type Finding } from "./redact-finding.ts";

const at = /@|＠| ?[[({](?:@|at)[\])}] ?/gi;
/** Characters that are not seen belong to a name: they must not be the way to get an address out. */
const unseen = String.raw`\u00ad\u200b-\u200d\u2060\ufeff`;
const nameUnit = new RegExp(`[\\p{L}\\p{N}\\p{M}._%+'${unseen}-]`, "u");
const hostLabel = `[\\p{L}\\p{N}\\p{M}_${unseen}-]+`;
/** Its last label begins with a letter: `root@203.0.113.7` and `pkg@1.2.3` are no addresses. */
const host = new RegExp(`(?:${hostLabel}${dot})+\\p{L}[\\p{L}\\p{N}\\p{M}-]+`, "iuy");
const shortHost = new RegExp(hostLabel, "uy");
const defangedHost = new RegExp(`${hostLabel}(?: ?${dot} ?${hostLabel})*`, "iuy");

/**
 * Every address is hidden, an attacker's too: nobody can tell for sure whose it is, and the privacy of a colleague counts more than one
 * indicator. A plain `@` needs a name before it and a host with a dot behind it; a bracketed one is only written for an address.
 */
export function* findEmails(text: string, own: ReadonlySet<string>): Iterable<Finding> {
  let covered = 0;
  for (const match of text.matchAll(at)) {
    const start = nameStart(text, covered, match.index);
    if (start === match.index) continue;
    const from = match.index + match[0].length;
    const found = match[0].length > 1 ? run(defangedHost, text, from) : run(host, text, from);
    const end = found > from ? found : run(shortHost, text, from);
    if (found === from && !own.has(text.slice(from, end).toLowerCase())) continue;
    yield found > from ? { kind: "email", start, end, needs: { start, end } } : { kind: "user", start, end };
    covered = end;
  }
}

/** Where what `pattern` finds at `from` ends, without hyphens at its end; `from` when it finds nothing. */
function run(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return endWithout(text, from, from + (pattern.exec(text)?.[0].length ?? 0), /[-_]/);
}

/** A small letter or a digit: most names are made of them, and this is the inner loop. */
function isCommon(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57);
}

const defangedDot = new RegExp(`${dot}$`, "i");

function dotLength(before: string): number {
  return defangedDot.exec(before)?.[0].length ?? 0;
}

/** Where the name that ends at `end` begins, not before `least`; `end` when there is none. */
function nameStart(text: string, least: number, end: number): number {
  let start = end;
  while (start > least) {
    const unit = text.charCodeAt(start - 1);
    const pair = start - 1 > least && unit >= 0xdc00 && unit <= 0xdfff;
    const size = pair ? 2 : 1;
    const shown =
      isCommon(unit) || nameUnit.test(text.slice(start - size, start)) ? size : dotLength(text.slice(Math.max(least, start - 5), start));
    if (shown === 0) break;
    start -= shown;
  }
  while (start < end && /[.'[\](){}-]/.test(text[start] ?? "")) start++;
  return start;
}

const account = /(?<![\p{L}\p{N}\p{M}_.\\/-])([\p{L}\p{N}\p{M}_.-]+)\\{1,2}([\p{L}\p{N}\p{M}_.-]+)(?![\p{L}\p{N}\p{M}_.\\$-])/gu;

/** `CORP\anna`; not `CORP\HOST$`, a machine, and not `C:\CORP\tool`, a path. */
export function* findUsers(text: string, own: ReadonlySet<string>): Iterable<Finding> {
  if (own.size === 0 || !text.includes("\\")) return;
  for (const match of text.matchAll(account)) {
    if (!own.has((match[1] ?? "").toLowerCase())) continue;
    yield { kind: "user", start: match.index, end: endWithout(text, match.index, match.index + match[0].length, /[.-]/) };
  }
}
