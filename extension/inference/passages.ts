// A ticket's blocks as the passages that the model reads, and the way back from a place in a passage to a place in a block.
import { type Block, MAX_BLOCK_LENGTH, MAX_BLOCKS } from "../../shared/contract.ts";

/** Where one block lies in a passage. */
export interface PassagePart {
  /** Index in the request's blocks. */
  block: number;
  start: number;
  end: number;
}

/** Text that is read as one: title and description together, each comment alone. */
export interface Passage {
  text: string;
  parts: PassagePart[];
  /** A comment: talk about the ticket rather than the ticket. */
  comment: boolean;
}

/** Titles and descriptions joined by line breaks, titles first; then one passage a comment. Blank passages are left out. */
export function passagesOf(blocks: readonly Block[]): Passage[] {
  const order = blocks.map((_, index) => index);
  const head = [
    ...order.filter((index) => blocks[index]?.role === "title"),
    ...order.filter((index) => blocks[index]?.role === "description"),
  ];
  const comments = order.filter((index) => blocks[index]?.role === "comment");
  return [{ ...join(blocks, head), comment: false }, ...comments.map((index) => ({ ...join(blocks, [index]), comment: true }))].filter(
    ({ text }) => /\S/.test(text),
  );
}

function join(blocks: readonly Block[], indexes: readonly number[]): Omit<Passage, "comment"> {
  const parts: PassagePart[] = [];
  const texts: string[] = [];
  let length = 0;
  for (const index of indexes) {
    const text = blocks[index]?.text ?? "";
    if (texts.length > 0) length += 1;
    texts.push(text);
    parts.push({ block: index, start: length, end: length + text.length });
    length += text.length;
  }
  return { text: texts.join("\n"), parts };
}

/** Offsets that no span of the passage may cross: where each block but the first begins. */
export function breaksOf(passage: Passage): number[] {
  return passage.parts.slice(1).map(({ start }) => start);
}

/** The block that holds the whole range, with the range's place in it; null for a range that crosses a border. */
export function placeInBlock(passage: Passage, start: number, end: number): { block: number; start: number; end: number } | null {
  const part = passage.parts.find((candidate) => candidate.start <= start && end <= candidate.end);
  return part ? { block: part.block, start: start - part.start, end: end - part.start } : null;
}

/**
 * Cuts blocks to what the contract allows; the caller hands `truncated` on as `textCut`. A surrogate pair is never split.
 * @param blocks as they were read from the page, of any length and number.
 */
export function clampBlocks(blocks: readonly Block[]): { blocks: Block[]; truncated: boolean } {
  let truncated = blocks.length > MAX_BLOCKS;
  const kept = blocks.slice(0, MAX_BLOCKS).map((block) => {
    if (block.text.length <= MAX_BLOCK_LENGTH) return block;
    truncated = true;
    const last = block.text.charCodeAt(MAX_BLOCK_LENGTH - 1);
    return { ...block, text: block.text.slice(0, last >= 0xd800 && last <= 0xdbff ? MAX_BLOCK_LENGTH - 1 : MAX_BLOCK_LENGTH) };
  });
  return { blocks: kept, truncated };
}
