// Chooses which texts of a ticket travel with a decision and how much of each, so that it stays within the limits of the contract.
import { limits } from "../../shared/decisions.ts";
import type { ReviewBlock } from "../../shared/review.ts";
import type { Redaction } from "./redact.ts";

/** A text that travels. */
export interface FittedText {
  block: ReviewBlock;
  redaction: Redaction;
  /** `redaction.text` or a beginning of it. */
  text: string;
}

/** Bytes of all texts as JSON in UTF-8; what is left of a decision's bytes is for its spans and the rest. Only control characters need more. */
const textBytes = (limits.decisionBytes * 3) / 4;
/** A beginning that is shorter says nothing: then the text stays out. */
const leastBeginning = 200;

/**
 * Title and description first, then the comments nearest to a block that a person marked, of equally near ones the older. What does not fit is
 * left out, or cut at its end. In the page's order; `redacted` is asked only for texts that may travel.
 */
export function fitTexts(
  blocks: readonly ReviewBlock[],
  marked: ReadonlySet<string>,
  redacted: (block: ReviewBlock) => Redaction,
): FittedText[] {
  const fitted = new Map<number, FittedText>();
  let units: number = limits.allText;
  let bytes = textBytes;
  for (const index of inOrder(blocks, marked)) {
    const block = blocks[index];
    if (!block || units === 0 || fitted.size === limits.blocks) break;
    const redaction = redacted(block);
    const beginning = beginningOf(redaction, Math.min(limits.blockText, units), bytes);
    if (beginning.text.length < Math.min(leastBeginning, redaction.text.length)) continue;
    fitted.set(index, { block, redaction, text: beginning.text });
    units -= beginning.text.length;
    bytes -= beginning.bytes;
  }
  return [...fitted].sort(([a], [b]) => a - b).map(([, text]) => text);
}

function inOrder(blocks: readonly ReviewBlock[], marked: ReadonlySet<string>): number[] {
  const places = blocks.flatMap(({ id }, index) => (marked.has(id) ? [index] : []));
  const keyed = blocks.map(({ role }, index) => ({
    index,
    role: role === "title" ? 0 : role === "description" ? 1 : 2,
    distance: Math.min(...places.map((place) => Math.abs(place - index)), blocks.length),
  }));
  return keyed.sort((a, b) => a.role - b.role || a.distance - b.distance || a.index - b.index).map(({ index }) => index);
}

/** As much of the text as fits, with no half letter and no half placeholder at its end. */
function beginningOf({ text, pieces }: Redaction, mostUnits: number, mostBytes: number): { text: string; bytes: number } {
  let bytes = 0;
  let end = 0;
  while (end < text.length) {
    const point = text.codePointAt(end) ?? 0;
    const units = point > 0xffff ? 2 : 1;
    const size = jsonBytes(point);
    if (end + units > mostUnits || bytes + size > mostBytes) break;
    end += units;
    bytes += size;
  }
  const split = pieces.find(({ redacted }) => redacted.start < end && end < redacted.end);
  return { text: text.slice(0, split?.redacted.start ?? end), bytes };
}

/** Bytes of one letter in a JSON string in UTF-8. */
function jsonBytes(point: number): number {
  if (point < 0x20) return "\b\t\n\f\r".includes(String.fromCharCode(point)) ? 2 : 6;
  if (point < 0x80) return point === 0x22 || point === 0x5c ? 2 : 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}
