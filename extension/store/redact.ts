// Hides what must not leave the machine behind typed placeholders, with the way from every place of a text to the redacted one and back.
import type { Range } from "../../shared/span.ts";
import { findEmails, findUsers } from "./redact-accounts.ts";
import { type Finder, type Finding, type HiddenKind, hiddenKinds, wall } from "./redact-finding.ts";
import { findCards, findIbans, findIndicators } from "./redact-numbers.ts";
import { findAmerican, findInternational, findNamed, findNational } from "./redact-phones.ts";
import { findAssigned, findAuthorizations, findJwts, findKeyBlocks, findKnownTokens, findRandom } from "./redact-secrets.ts";
import { findBareQueries, findQueries } from "./redact-urls.ts";

/** What may leave the machine, as an administrator or the person says. */
export interface RedactionPolicy {
  /** Internal comments and work notes too. */
  restricted: boolean;
  /** DNS names of the own organisation; the first label of each is taken for its NetBIOS name. */
  ownDomains: readonly string[];
}

/** One hidden place: where it is in the text, and where its placeholder is in the redacted text. */
export interface Piece {
  kind: HiddenKind;
  original: Range;
  redacted: Range;
}

export interface Redaction {
  text: string;
  /** Sorted, without overlaps; two never touch. */
  pieces: readonly Piece[];
}

/** Every placeholder in a text. */
export const placeholder = new RegExp(`\\[(?:${hiddenKinds.join("|")})\\]`, "g");

/** The order decides where two would overlap: what holds others whole comes first, numbers that could be anything come last. */
const finders: readonly Finder[] = [
  findKeyBlocks,
  findQueries,
  findBareQueries,
  findJwts,
  findAuthorizations,
  findAssigned,
  findKnownTokens,
  findEmails,
  findUsers,
];
/** These see no indicators: a telephone number in a hash or an address is none. */
const blindFinders: readonly Finder[] = [findIbans, findCards, findInternational, findAmerican, findNational, findNamed, findRandom];

/**
 * The same text and policy always give the same redaction, and redacting it again hides nothing more: placeholders are walls, and
 * nothing is found across them. Lone surrogates become U+FFFD, so that the text survives any transport; else nothing changes outside the pieces.
 */
export function redact(text: string, { ownDomains }: Pick<RedactionPolicy, "ownDomains">): Redaction {
  const whole = text.toWellFormed();
  const own = ownNames(ownDomains);
  const walls = new Uint8Array(whole.length);
  const found: Finding[] = [];
  let seen = blank(
    whole,
    Array.from(whole.matchAll(placeholder), ({ index, 0: name }) => ({ start: index, end: index + name.length })),
    walls,
  );
  const search = (find: Finder) => {
    const fresh: Finding[] = [];
    for (const finding of find(seen, own)) {
      if (!isFree(finding, walls)) continue;
      walls.fill(1, finding.start, finding.end);
      fresh.push(finding);
    }
    seen = blank(seen, fresh, walls);
    found.push(...fresh);
  };
  finders.forEach(search);
  seen = blank(seen, findIndicators(seen), walls);
  blindFinders.forEach(search);
  return replace(
    whole,
    found.sort((a, b) => a.start - b.start),
  );
}

function isFree({ start, end, needs = { start: start - 1, end: end + 1 } }: Finding, walls: Uint8Array): boolean {
  return !walls.subarray(Math.max(0, needs.start), needs.end).includes(1);
}

/** The text with the ranges made walls. */
function blank(text: string, ranges: readonly Range[], walls: Uint8Array): string {
  if (ranges.length === 0) return text;
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    walls.fill(1, start, end);
    parts.push(text.slice(from, start), wall.repeat(end - start));
    from = end;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

function replace(text: string, found: readonly Finding[]): Redaction {
  const parts: string[] = [];
  const pieces: Piece[] = [];
  let from = 0;
  let length = 0;
  for (const { kind, start, end } of found) {
    const name = `[${kind}]`;
    parts.push(text.slice(from, start), name);
    length += start - from;
    pieces.push({ kind, original: { start, end }, redacted: { start: length, end: length + name.length } });
    length += name.length;
    from = end;
  }
  parts.push(text.slice(from));
  return { text: parts.join(""), pieces };
}

/** `corp.example` -> `corp.example`, `corp`. */
function ownNames(domains: readonly string[]): ReadonlySet<string> {
  return new Set(domains.flatMap((domain) => [domain.toLowerCase(), domain.toLowerCase().split(".", 1)[0] ?? ""]).filter(Boolean));
}

/** A range of the text -> the range of the redacted text; one that overlaps a hidden piece covers the whole placeholder. */
export function toRedacted({ pieces }: Redaction, range: Range): Range {
  return translate(pieces, range, "original", "redacted");
}

/** A range of the redacted text -> the range of the text; one that overlaps a placeholder covers all that it hides. */
export function toOriginal({ pieces }: Redaction, range: Range): Range {
  return translate(pieces, range, "redacted", "original");
}

type Side = "original" | "redacted";

function translate(pieces: readonly Piece[], range: Range, from: Side, to: Side): Range {
  const place = (edge: "start" | "end"): number => {
    const position = range[edge];
    let low = 0;
    let high = pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const begin = pieces[middle]?.[from].start ?? 0;
      if (edge === "start" ? begin <= position : begin < position) low = middle + 1;
      else high = middle;
    }
    const piece = pieces[low - 1];
    if (!piece) return position;
    return position < piece[from].end ? piece[to][edge] : piece[to].end + position - piece[from].end;
  };
  return { start: place("start"), end: place("end") };
}
