// Makes of the page's intent the decision as it may leave the machine: restricted texts left out, the rest redacted and cut to the limits.
import { type Decision, type DecisionView, limits } from "../../shared/decisions.ts";
import { labelsVersion } from "../../shared/labels.ts";
import type { ReviewBlock, ReviewIntent, ReviewSpan } from "../../shared/review.ts";
import { quoteMatches } from "../../shared/span.ts";
import { type Redaction, type RedactionPolicy, redact, toRedacted } from "./redact.ts";

const utf8 = new TextEncoder();

/** Bytes of a value as JSON in UTF-8, as it is sent. */
export function byteLength(value: unknown): number {
  return utf8.encode(JSON.stringify(value)).byteLength;
}

/** The blocks that may leave at all. */
export function sendable(blocks: readonly ReviewBlock[], policy: RedactionPolicy): ReviewBlock[] {
  return blocks.filter(({ restricted }) => policy.restricted || !restricted);
}

/**
 * What is over a limit is left out and counted in `omitted`; spans whose quote does not stand in the text are, too.
 * Deterministic: the same intent and policy give the same decision.
 */
export async function prepareDecision(intent: ReviewIntent, policy: RedactionPolicy): Promise<Decision> {
  const { blocks, final } = intent;
  const [hash, family] = await Promise.all([
    sha256(JSON.stringify(blocks.map(({ role, text }) => [role, text]))),
    familyOf(blocks, policy),
  ]);
  const redacted = new Map(sendable(blocks, policy).map((block) => [block, redact(block.text, policy)]));
  // JSON may need many bytes a unit (control characters, Chinese): when it is too much, less text goes.
  for (let units: number = limits.allText; ; units = Math.floor(units / 2)) {
    const texts = cut(intent, redacted, units);
    const spans = placed(final?.spans ?? [], texts, units);
    const decision: Decision = {
      kind: "decision",
      id: intent.id,
      supersedes: intent.supersedes,
      ticket: { ...intent.ticket, hash, family },
      omitted: {
        blocks: blocks.length - texts.length,
        spans: (final?.spans.length ?? 0) - spans.length,
        text: texts.some(({ text, redaction }) => text.length < redaction.text.length),
      },
      suggestion: intent.suggestion,
      verdict: intent.verdict,
      final: final && { threatType: final.threatType, severity: final.severity, spans },
      reason: intent.reason,
      labelsVersion,
      clientTime: intent.clientTime,
      dwellMs: Math.min(intent.dwellMs, 1_000_000_000),
      blocks: texts.map(({ block, text }) => ({ role: block.role, text })),
    };
    if (units === 0 || byteLength(decision) <= limits.decisionBytes) return decision;
  }
}

/** What is kept here, and what other browsers get: the decision without its texts. */
export function viewOf({ blocks, ...decision }: Decision): DecisionView {
  return { ...decision, blocks: blocks.map(({ role }) => ({ role })) };
}

interface CutBlock {
  block: ReviewBlock;
  redaction: Redaction;
  /** A beginning of `redaction.text`. */
  text: string;
}

/** As many blocks and as much of each as fit into `units`, in the page's order; the ticket itself and what a person marked come first. */
function cut({ final }: ReviewIntent, redacted: ReadonlyMap<ReviewBlock, Redaction>, units: number): CutBlock[] {
  const marked = new Set((final?.spans ?? []).filter(({ source }) => source === "human").map(({ block }) => block));
  const rank = ({ id, role }: ReviewBlock) => (role === "title" ? 0 : role === "description" ? 1 : marked.has(id) ? 2 : 3);
  const texts = new Map<ReviewBlock, CutBlock>();
  let left = units;
  for (const [block, redaction] of [...redacted].sort(([a], [b]) => rank(a) - rank(b))) {
    const text = beginning(redaction, Math.min(limits.blockText, left));
    if (texts.size === limits.blocks || (text === "" && redaction.text !== "")) continue;
    texts.set(block, { block, redaction, text });
    left -= text.length;
  }
  return [...redacted.keys()].flatMap((block) => texts.get(block) ?? []);
}

/** At most `most` units, with no half placeholder and no half letter at the end. */
function beginning({ text, pieces }: Redaction, most: number): string {
  if (text.length <= most) return text;
  const split = pieces.find(({ redacted }) => redacted.start < most && most < redacted.end);
  const end = split ? split.redacted.start : most;
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end);
}

/** The spans as they stand in the cut texts; a person's come first when there are too many. */
function placed(spans: readonly ReviewSpan[], texts: readonly CutBlock[], units: number) {
  const indexes = new Map(texts.map(({ block }, index) => [block.id, index]));
  const byPerson = [...spans].sort((a, b) => Number(b.source === "human") - Number(a.source === "human"));
  const most = Math.ceil((limits.spans * units) / limits.allText);
  return byPerson
    .flatMap((span) => {
      const index = indexes.get(span.block);
      const home = index === undefined ? undefined : texts[index];
      if (index === undefined || !home || !quoteMatches(home.block.text, span)) return [];
      const { start, end } = toRedacted(home.redaction, span);
      const quote = home.text.slice(start, end);
      if (end > home.text.length || quote.length > limits.quote) return [];
      return [{ block: index, start, end, label: span.label, quote, source: span.source }];
    })
    .slice(0, most)
    .sort((a, b) => a.block - b.block || a.start - b.start || a.end - b.end);
}

/** Tickets made from one template have one family: the title counts without what changes from one to the next. */
async function familyOf(blocks: readonly ReviewBlock[], policy: RedactionPolicy): Promise<string> {
  const title = blocks.find(({ role }) => role === "title")?.text ?? "";
  const words = redact(title, policy).text.toLowerCase().split(/\s+/);
  // A number, or a mark that joins: an address, a path, a hash, a date.
  const pattern = words.map((word) => (/\d|[./:\\@](?=\S)/.test(word) ? "#" : word)).join(" ");
  return (await sha256(pattern)).slice(0, 16);
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", utf8.encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
