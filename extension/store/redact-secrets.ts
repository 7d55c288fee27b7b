// Finds private keys, JSON Web Tokens, passwords and tokens: by their form, or by the word that stands before them.
import type { Range } from "../../shared/span.ts";
import { endWithout, type Finding, wall } from "./redact-finding.ts";

const keyBegin = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const keyEnd = /-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
/** Lines of a key, also when a page or a program made one line of them. */
const keyBody = /(?:(?:[\s>|"',]|\\[nrt])+[A-Za-z0-9+/=]{16,})*/y;
/** UTF-16 units between the two lines of one key. */
const longestKey = 20_000;

/** Whole private keys; one whose end is missing as far as it looks like one. */
export function* findKeyBlocks(text: string): Iterable<Finding> {
  let covered = 0;
  let end = 0;
  let closing = 0;
  for (const match of text.matchAll(keyBegin)) {
    if (match.index < covered) continue;
    const from = match.index + match[0].length;
    if (closing < from) {
      keyEnd.lastIndex = from;
      const next = keyEnd.exec(text);
      closing = next ? next.index : Number.POSITIVE_INFINITY;
      end = next ? next.index + next[0].length : closing;
    }
    keyBody.lastIndex = from;
    covered = closing - from <= longestKey ? end : from + (keyBody.exec(text)?.[0].length ?? 0);
    // A key is hidden whole, also where a placeholder was written into it.
    yield { kind: "key", start: match.index, end: covered, needs: { start: 0, end: 0 } };
  }
}

const jwt = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{12,}(?:\.{1,2}[A-Za-z0-9_-]+){0,4}/g;

export function* findJwts(text: string): Iterable<Finding> {
  for (const { index: start, 0: found } of text.matchAll(jwt)) {
    const end = start + found.length;
    yield { kind: "jwt", start, end, needs: { start: start - 1, end } };
  }
}

const passwordWord = "pass(?:word|wort|wd|phrase|code)|kennwort|(?<![A-Za-z0-9])(?:pwd?|pin|otp|tan)";
const tokenWord = [
  "(?:api|access|account|private|secret|shared|encryption|storage|subscription|signing|master)[_ -]?key",
  "secret|token|(?:j|php)sessid|j?session[_-]?id|(?<![A-Za-z0-9])sig",
].join("|");
const sign = String.raw`\\?["']?([ \t\u00a0]{0,8}(?:=>|->|:=|={1,2}|:)[ \t\u00a0]{0,8}|>)`;
const verb = String.raw`[ \t\u00a0]{1,4}(is|was|lautet|ist|war)[ \t\u00a0]{1,4}`;
/** `--password hunter2` */
const option = String.raw`(?<=(?:^|[\s"'])--?[a-z][\w-]{1,24})[ \t]{1,4}(?!-)`;
const assignment = new RegExp(`(?:(${passwordWord})|${tokenWord})(?:${sign}|${verb}|${option})`, "gi");
const authorization = /(?<![A-Za-z0-9])(?:Bearer|Basic)[ \t]{1,4}(?=[A-Za-z0-9._~+/-]{8})/gi;
/** A comma ends it where the next `name=` begins. */
const value = /(?:[^\s"'<>&;|`,]|,(?![A-Za-z_][\w.-]{0,40}[=:]))+/y;
const closing: Record<string, RegExp> = { '"': /\\?"|[\r\n\v]/, "'": /\\?'|[\r\n\v]/, "`": /`|[\r\n\v]/ };
/** Words whose secret is a short number. */
const digitsOnly = /^(?:pin|otp|tan)/i;
/** What people write where a password would stand. */
const statuses = new Set(
  [
    "none null nil true false yes no empty blank unknown n/a na reset changed expired required forgotten forgot lost weak strong ok invalid",
    "incorrect wrong policy the a an is was are has had not and or of for to in see by on with older never set updated redacted removed hidden",
    "he she it its his her this that they we you i my our their where when how who what please same present absent practice",
    "ja nein unbekannt abgelaufen vergessen siehe nicht",
  ]
    .join(" ")
    .split(" "),
);

/** What stands behind `Bearer` or `Basic` as a header has it. */
export function* findAuthorizations(text: string): Iterable<Finding> {
  for (const match of text.matchAll(authorization)) {
    const found = valueAt(text, match.index + match[0].length);
    if (found && isCoded(text.slice(found.start, found.end)))
      yield { kind: "token", ...found, needs: { start: match.index - 1, end: found.end } };
  }
}

/** The value, not the word, of `password=…`, `"api_key": "…"`, `pwd: …`, `--token …` and their like. */
export function* findAssigned(text: string): Iterable<Finding> {
  // Values in one run of text end at one place: reading to it once keeps `token:x:token:x:…` linear.
  let last: Range | null = null;
  assignment.lastIndex = 0;
  for (let match = assignment.exec(text); match; match = assignment.exec(text)) {
    const from = match.index + match[0].length;
    last = last && from < last.end && from > last.start ? { start: from, end: last.end } : valueAt(text, from);
    if (!last) continue;
    const by = (match[2] ?? match[3])?.trim();
    if (!isSecret(text.slice(last.start, last.end), { word: match[0].toLowerCase(), password: match[1] !== undefined, by })) continue;
    // `pin=4471` counts for its length, so what follows matters; any other value only gets longer.
    yield { kind: "token", ...last, needs: { start: match.index, end: last.end + (digitsOnly.test(match[0]) ? 1 : 0) } };
    assignment.lastIndex = last.end;
  }
}

interface Assignment {
  word: string;
  password: boolean;
  /** The sign or verb between word and value; none in `--password hunter2`. */
  by: string | undefined;
}

function isSecret(secret: string, { word, password, by }: Assignment): boolean {
  if (digitsOnly.test(word)) return /^\d{4,8}$/.test(secret);
  // The signature of an address that grants access (SAS), not the name of what a sensor recognised.
  if (word.startsWith("sig")) return by === "=" && /^[\w%+/=.-]{20,}$/.test(secret) && isCoded(secret);
  if ((secret.length < 20 && statuses.has(secret.toLowerCase())) || /^[*x•.…_\-#]+$/i.test(secret) || isIndicator(secret)) return false;
  if (by !== undefined && /\w/.test(by)) return password && secret.length >= 5 && /\d/.test(secret);
  return password || (secret.length >= 6 && (by !== ":" || isCoded(secret)));
}

/** A path, a registry key or an address: no secret, and what the model learns from. */
function isIndicator(word: string): boolean {
  return /^(?:[a-z]:[\\/]|\\\\\w|~?\/[a-z.]+\/|HK(?:LM|CU|CR|EY_)|%\w+%|\w+:\/\/|(?:\d{1,3}\.){3}\d{1,3}(?![\w.]))/i.test(word);
}

/** Not a word as people write it: digits, signs, or capitals inside. */
function isCoded(word: string): boolean {
  return /[^\p{L}.,'’-]|\p{Ll}\p{Lu}/u.test(word);
}

/** The value that begins at `from`: to its closing quotation mark, or to a blank or mark that ends it. */
function valueAt(text: string, from: number): Range | null {
  const quote = /^\\?(["'`])/.exec(text.slice(from, from + 2));
  const start = from + (quote?.[0].length ?? 0);
  if (quote) {
    const length = text.slice(start, start + 200).search(closing[quote[1] ?? ""] ?? /$/);
    if (length === 0) return null;
    if (length > 0 && !/[\r\n\v]/.test(text[start + length] ?? "")) return { start, end: start + length };
  }
  value.lastIndex = start;
  const end = endWithout(text, start, start + (value.exec(text)?.[0].length ?? 0), /[.,:)\]}…]/);
  return end > start ? { start, end } : null;
}

const known = new RegExp(
  [
    String.raw`(?<![A-Za-z0-9_])(?:gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|cbt|oas)-[\w-]{16,}`,
    String.raw`xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}`,
    String.raw`[prs]k_(?:live|test)_\w{10,}|whsec_\w{16,}|sk-[\w-]{20,}|npm_\w{30,}|pypi-[\w-]{16,}|hf_\w{20,}|SG\.[\w-]{16,}\.[\w-]{16,}`,
    String.raw`hvs\.[\w-]{20,}|dop_v1_\w{32,}|dckr_pat_[\w-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{40,})`,
    String.raw`(?<=hooks\.slack\.com/services/)[\w/]{20,}`,
  ].join("|"),
  "g",
);

/** Tokens that say by their first letters what they are. */
export function* findKnownTokens(text: string): Iterable<Finding> {
  for (const match of text.matchAll(known)) {
    if (/[0-9A-Z]/.test(match[0].slice(4))) yield { kind: "token", start: match.index, end: match.index + match[0].length };
  }
}

const run = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
const secretWord = /(?<!\p{L})(?:key|token|secret|password|passwort|passphrase|kennwort|credentials?|schlüssel)(?![\p{L}-])/giu;
/** UTF-16 units in which such a word is looked for. */
const nearby = 48;

/**
 * Strings as a random generator makes them, behind a word such as `token`. Never a hash: pure hexadecimal digits of a hash's length may be one,
 * and what is written as `SHA256:…` is the fingerprint of a public key.
 */
export function* findRandom(text: string): Iterable<Finding> {
  for (const match of text.matchAll(run)) {
    const start = match.index;
    if (!looksRandom(match[0]) || /(?:SHA\d{1,3}|MD5)[:-]$/i.test(text.slice(Math.max(0, start - 8), start))) continue;
    // A word that the window cuts in two is none.
    const window = start <= nearby ? text.slice(0, start) : text.slice(start - nearby, start).replace(/^\p{L}+/u, "");
    const before = window.slice(Math.max(window.lastIndexOf("\n"), window.lastIndexOf(wall)) + 1);
    const word = [...before.matchAll(secretWord)].at(-1);
    const end = start + match[0].length;
    if (word) yield { kind: "token", start, end, needs: { start: start - before.length + word.index - 1, end: end + 1 } };
  }
}

/** Letters and digits change places at least at every third unit: base64 and the like, not words with numbers. */
function looksRandom(text: string): boolean {
  if (/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i.test(text)) return false;
  let changes = 0;
  let digits = 0;
  let before: Sort | null = null;
  for (let at = 0; at < text.length; at++) {
    const sort = sortOf(text.charCodeAt(at));
    if (sort === "digit") digits++;
    if (before && sort && sort !== before) changes++;
    before = sort;
  }
  return digits > 0 && digits < text.length && changes * 3 >= text.length - 1;
}

type Sort = "digit" | "capital" | "small";

function sortOf(unit: number): Sort | null {
  if (unit >= 48 && unit <= 57) return "digit";
  if (unit >= 65 && unit <= 90) return "capital";
  return unit >= 97 && unit <= 122 ? "small" : null;
}
