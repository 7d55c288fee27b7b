// Finds telephone numbers by how people write them. Which numbers are in use is not looked up: a mistyped number is private too.
import type { Finding } from "./redact-finding.ts";

/** What stands before a digit that begins no telephone number: a path, an address, a decimal, a unit. */
const notBefore = String.raw`(?<![\w/\\.:%@#$&*+=~-])`;
const international = new RegExp(String.raw`(?<![\w+/=])\+(?=\(?[1-9])|${notBefore}00(?=[1-9])`, "g");

/** `+49 …`, `0049 …`. */
export function* findInternational(text: string): Iterable<Finding> {
  for (const { index, 0: sign } of text.matchAll(international)) {
    const found = digitsAt(text, index + sign.length, 15);
    // The zone of country code 1 has numbers of one length; `00` begins other numbers too, so it must be a long one.
    const least = sign === "+" ? 8 : 10;
    if (found && (found.digits.startsWith("1") ? found.digits.length === 11 : found.digits.length >= least))
      yield { kind: "phone", start: index, end: found.end };
  }
}

const american = new RegExp(
  String.raw`${notBefore}(?:1[-. ])?(?:\([2-9]\d{2}\)[ -]?\d{3}[-. ]\d{4}|[2-9]\d{2}([-.])\d{3}\1\d{4})(?!\w|[.-]\d)`,
  "g",
);

/** `(555) 555-0142`, `555-555-0142`, `1.555.555.0142`. */
export function* findAmerican(text: string): Iterable<Finding> {
  for (const { index, 0: found } of text.matchAll(american)) yield { kind: "phone", start: index, end: index + found.length };
}

const national = new RegExp(String.raw`${notBefore}\(?0(?=[1-9])`, "g");

/** `0171 5550123`, `(030) 901820-12`, `07700900123`. */
export function* findNational(text: string): Iterable<Finding> {
  for (const { index } of text.matchAll(national)) {
    const found = digitsAt(text, index, 13);
    if (found && found.digits.length >= (found.groups > 1 ? 9 : 10)) yield { kind: "phone", start: index, end: found.end };
  }
}

const words =
  "tel(?:efon|ephone)?|phone|mobile?|mob|cell(?:phone)?|handy|fax|whatsapp|call ?back|rufnummer|hotline|(durchwahl|ext(?:ension)?)";
const named = new RegExp(
  String.raw`(?<![A-Za-z0-9_])(?:${words})(?:\.|nummer)?(?:[ \t\u00a0:#.=]|number|no\b|nr\b|is\b|ist\b|at\b|on\b){0,6}(?=[+(]?\d)`,
  "gi",
);

/** Any number of five digits (an extension: of three) behind a word such as `phone`. */
export function* findNamed(text: string): Iterable<Finding> {
  for (const match of text.matchAll(named)) {
    const start = match.index + match[0].length;
    const found = digitsAt(text, text[start] === "+" ? start + 1 : start, 15);
    if (found && found.digits.length >= (match[1] ? 3 : 5)) {
      const { end } = found;
      yield { kind: "phone", start, end, needs: { start: match.index - 1, end: end + 1 } };
    }
  }
}

interface Digits {
  digits: string;
  groups: number;
  end: number;
}

const group = /\(\d+\)|\d+|\(\d+/y;
const between = /[ \u00a0\u202f\u2009]?[-.\u2010\u2011\u2013/]?[ \u00a0\u202f\u2009]?(?=\(?\d)/y;

/** The groups of digits from `from` on that can be one number of at most so many digits (E.164: 15); null when there are none. */
function digitsAt(text: string, from: number, most: number): Digits | null {
  const found: Digits = { digits: "", groups: 0, end: from };
  for (let at = from; ; ) {
    group.lastIndex = at;
    const next = group.exec(text)?.[0];
    if (!next) break;
    const end = at + next.length;
    const digits = found.digits + next.replace(/\D/g, "");
    // Too long, a time, a share, a decimal, a word: the number ended before it. So it did where the next one begins.
    if (digits.length > most || /^(?::\d|,\d{1,2}(?!\d)|%|[A-Za-z_])/.test(text.slice(end, end + 4))) break;
    if ((next.startsWith("(") && found.digits.length >= 7) || (next.startsWith("0") && found.digits.length >= 9)) break;
    Object.assign(found, { digits, end, groups: found.groups + 1 });
    between.lastIndex = end;
    const blank = between.exec(text);
    if (!blank) break;
    at = end + blank[0].length;
  }
  return found.groups > 0 ? found : null;
}
