// Makes of the page's intent the decision as it may leave the machine: restricted texts left out, the rest redacted and cut to the limits.
import { type Decision, type DecisionView, limits } from "../../shared/decisions.ts";
import { labelsVersion } from "../../shared/labels.ts";
import type { ReviewBlock, ReviewIntent, ReviewSpan } from "../../shared/review.ts";
import { quoteMatches } from "../../shared/span.ts";
import { type FittedText, fitTexts } from "./fit-texts.ts";
import { type RedactionPolicy, redact, toRedacted } from "./redact.ts";

const utf8 = new TextEncoder();

/** Bytes of a value as JSON in UTF-8, as it is sent. */
export function byteLength(value: unknown): number {
  return utf8.encode(JSON.stringify(value)).byteLength;
}

/** SHA-256 of the text's UTF-8 form, 64 hexadecimal digits. */
export type Sha256Of = (text: string) => string | Promise<string>;

/** The blocks that may leave at all. */
export function sendable(blocks: readonly ReviewBlock[], policy: RedactionPolicy): ReviewBlock[] {
  return blocks.filter(({ restricted }) => policy.restricted || !restricted);
}

/**
 * What is restricted or over a limit is left out and counted in `omitted`; so are spans in it, and spans whose quote does not stand in the text.
 * The same intent and policy give the same decision. Only what the person decided is not looked at: whether verdict and tag agree, the
 * contract says (`Decision`).
 */
export async function prepareDecision(intent: ReviewIntent, policy: RedactionPolicy, sha256: Sha256Of = subtleSha256): Promise<Decision> {
  const { blocks, final } = intent;
  const spans = final?.spans ?? [];
  const marked = new Set(spans.filter(({ source }) => source === "human").map(({ block }) => block));
  const leaving = sendable(blocks, policy);
  const texts = fitTexts(leaving, marked, (block) => redact(block.text, policy));
  const hash = await sha256(JSON.stringify(blocks.map(({ role, text }) => [role, text])));
  const title = leaving.find(({ role }) => role === "title")?.text;
  const decision: Decision = {
    kind: "decision",
    id: intent.id,
    supersedes: intent.supersedes,
    ticket: {
      ...intent.ticket,
      hash,
      // Without a title, or with one that stays here, a ticket is a family of its own.
      family: (title === undefined ? hash : await sha256(template(redact(title, policy).text))).slice(0, 16),
    },
    omitted: {
      blocks: blocks.length - texts.length,
      spans: 0,
      text: texts.some(({ text, redaction }) => text.length < redaction.text.length),
    },
    suggestion: intent.suggestion,
    verdict: intent.verdict,
    final: final && { threatType: final.threatType, severity: final.severity, spans: [] },
    reason: intent.reason,
    labelsVersion,
    clientTime: intent.clientTime,
    dwellMs: Math.min(intent.dwellMs, 1_000_000_000),
    blocks: texts.map(({ block, text }) => ({ role: block.role, text })),
  };
  if (!decision.final) return decision;
  const kept = fitSpans(placedSpans(spans, texts), limits.decisionBytes - byteLength(decision) - spareBytes);
  decision.final.spans = kept;
  decision.omitted.spans = spans.length - kept.length;
  return decision;
}

/** What is kept here, and what other browsers get: the decision without its texts. */
export function viewOf({ blocks, ...decision }: Decision): DecisionView {
  return { ...decision, blocks: blocks.map(({ role }) => ({ role })) };
}

type DecisionSpan = NonNullable<Decision["final"]>["spans"][number];

/** The spans that stand in the texts, widened over what is hidden. */
function placedSpans(spans: readonly ReviewSpan[], texts: readonly FittedText[]): DecisionSpan[] {
  return spans.flatMap((span) => {
    const index = texts.findIndex(({ block }) => block.id === span.block);
    const home = texts[index];
    if (!home || !quoteMatches(home.block.text, span)) return [];
    if (splitsLetter(home.block.text, span.start) || splitsLetter(home.block.text, span.end)) return [];
    const { start, end } = toRedacted(home.redaction, span);
    if (end > home.text.length || end - start > limits.quote) return [];
    return [{ block: index, start, end, label: span.label, quote: home.text.slice(start, end), source: span.source }];
  });
}

/** For the digits of the count of left out spans, which is not known before. */
const spareBytes = 8;

/** As many spans as the limits allow, a person's first; in the order of the text. */
function fitSpans(spans: readonly DecisionSpan[], bytes: number): DecisionSpan[] {
  let left = bytes;
  return [...spans]
    .sort((a, b) => Number(b.source === "human") - Number(a.source === "human"))
    .filter((span) => {
      const size = byteLength(span) + 1;
      if (size > left) return false;
      left -= size;
      return true;
    })
    .slice(0, limits.spans)
    .sort((a, b) => a.block - b.block || a.start - b.start || a.end - b.end);
}

/** True when the two units at `at` are one letter. */
function splitsLetter(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1));
}

/**
 * A redacted title without what changes from one ticket of a template to the next: numbers, and words with a digit or with a mark that joins (an
 * address, a path, a hash, a date). Words are those of ASCII: other scripts may set no blanks.
 */
function template(title: string): string {
  return title
    .toLowerCase()
    .replace(/[!-~]+/g, (word) => (/\d|[./:\\@](?=.)|\[dot\]/.test(word) ? "#" : word))
    .replace(/\p{N}+/gu, "#")
    .replace(/\s+/g, " ")
    .replace(/#(?: #)+/g, "#")
    .trim();
}

export async function subtleSha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", utf8.encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
