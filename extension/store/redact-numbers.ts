// Finds account numbers, card numbers and telephone numbers by their check digits and forms, beside the indicators that look like numbers.
import { countrySpecs, isValidIBAN } from "ibantools";
import type { Range } from "../../shared/span.ts";
import { dot, type Finding } from "./redact-finding.ts";

const day = "(?:0?[1-9]|[12]\\d|3[01])";
const indicator = new RegExp(
  [
    `(?<![\\w.])\\d{1,3}(?:${dot}\\d{1,3}){3}(?!\\w|\\.\\d)`,
    "(?<!\\w)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?!\\w)",
    "(?<!\\w)[0-9a-f]{32,128}(?!\\w)",
    "CVE[-‐‑‒–—_ ]\\d{4}[-‐‑‒–—_ ]\\d{4,19}",
    "(?<!\\w)(?:19|20)\\d\\d-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d(?::\\d\\d)?)?",
    `(?<![\\w.])${day}[./-]${day}[./-](?:19|20)\\d\\d(?!\\d)`,
  ].join("|"),
  "gi",
);

/** Addresses, ids, hashes, CVE ids and dates: what is in them is no number of a person and no token, whatever its digits say. */
export function findIndicators(text: string): Range[] {
  return Array.from(text.matchAll(indicator), ({ index, 0: found }) => ({ start: index, end: index + found.length }));
}

const iban = /(?<![A-Za-z0-9])([A-Za-z]{2})\d{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}/g;

/** International bank account numbers of a country's length and form whose check digits (mod 97) are right. */
export function* findIbans(text: string): Iterable<Finding> {
  iban.lastIndex = 0;
  for (let match = iban.exec(text); match; match = iban.exec(text)) {
    const length = ibanLength(match[0], countrySpecs[(match[1] ?? "").toUpperCase()]?.chars ?? 0);
    const end = match.index + length;
    const right = length > 0 && !/\w/.test(text[end] ?? "") && isValidIBAN(match[0].slice(0, length).replace(/\W/g, "").toUpperCase());
    if (right) yield { kind: "iban", start: match.index, end };
    // What looked like one may hide the beginning of a real one.
    iban.lastIndex = right ? end : match.index + 4;
  }
}

/** Units of `text` that hold the first `most` letters and digits; 0 when it has not so many. */
function ibanLength(text: string, most: number): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0xa0 && unit !== 0x2d && ++count === most) return at + 1;
  }
  return 0;
}

const card = /(?<![A-Za-z0-9_])(?:\d{14,19}|\d{4}([ \u00a0-])\d{4}\1\d{4}\1\d{4}|\d{4}([ \u00a0-])\d{6}\2\d{4,5})(?!\w)/g;
/** Amex; Diners; Visa, Mastercard, Discover, JCB, UnionPay, Maestro. */
const issuer = new RegExp(
  [
    "^3[47]\\d{13}$|^3(?:0[0-5]|[68]\\d)\\d{11}$",
    "^(?:4\\d{15}|4\\d{18}|5[1-5]\\d{14}|2(?:22[1-9]|2[3-9]\\d|[3-6]\\d\\d|7[01]\\d|720)\\d{12})$",
    "^(?:6011|64[4-9]\\d|65\\d\\d|35(?:2[89]|[3-8]\\d)|62\\d\\d|50[123]\\d|5[68]\\d\\d|6304|67[56]\\d)\\d{12,15}$",
  ].join("|"),
);

/** Payment cards: an issuer's prefix and length, written in one piece or in a card's groups, with the right check digit (Luhn). */
export function* findCards(text: string): Iterable<Finding> {
  card.lastIndex = 0;
  for (let match = card.exec(text); match; match = card.exec(text)) {
    const number = match[0].replace(/\D/g, "");
    if (issuer.test(number) && luhn(number)) yield { kind: "card", start: match.index, end: match.index + match[0].length };
    // In `1234 4111 1111 1111 1111` the card begins with the second group.
    else if (match[1] ?? match[2]) card.lastIndex = match.index + 1;
  }
}

function luhn(number: string): boolean {
  let sum = 0;
  for (let at = 0; at < number.length; at++) {
    const digit = number.charCodeAt(number.length - 1 - at) - 48;
    sum += at % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 === 0;
}
