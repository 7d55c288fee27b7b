// What the page's parts hand to each other about a ticket: the blocks as read, what the card shows, and what a review hangs on.
import type { Block, BlockRole, Span, Suggestion, TicketRef } from "../../shared/contract.ts";
import type { PageReport, ReviewState } from "../../shared/review.ts";
import type { TicketPlace } from "../sites/site.ts";
import type { ReadBlock } from "./block-reader.ts";

/** One block as the card shows it. */
export interface ShownBlock extends Block {
  kind: "text" | "value";
  spans: Span[];
}

/** Everything that the card shows. */
export interface PageView {
  report: PageReport;
  blocks: ShownBlock[];
}

/** A block of a tagged ticket: its spans are the suggestion's, where they stand now. */
export interface TaggedBlock extends ReadBlock {
  id: string;
  role: BlockRole;
}

export interface TaggedTicket {
  ticket: TicketRef;
  suggestion: Suggestion;
  /** In the page's order. */
  blocks: readonly TaggedBlock[];
}

/** What hangs on a tagged ticket. It is told of each reading, and says what to show and which spans count; never calls back while told. */
export interface TicketReview {
  /** Null: the ticket was left, or has no suggestion any more. */
  follow(tagged: TaggedTicket | null): void;
  /** Null while it is not known what was decided before: the suggestion's own spans count. */
  shown(): ReviewState | null;
}

export function taggedBlocks(place: TicketPlace, read: ReadonlyMap<string, ReadBlock>): TaggedBlock[] {
  return place.blocks.flatMap(({ id, role }) => {
    const got = read.get(id);
    return got ? [{ ...got, id, role }] : [];
  });
}

export function shownBlocks(place: TicketPlace | null, read: ReadonlyMap<string, ReadBlock>): ShownBlock[] {
  return (place ? taggedBlocks(place, read) : []).map(({ id, role, kind, spans, extraction }) => ({
    id,
    role,
    kind,
    spans,
    text: extraction.text,
  }));
}

export function sameText(a: readonly Block[], b: readonly Block[]): boolean {
  return a.length === b.length && a.every((block, index) => block.id === b[index]?.id && block.text === b[index]?.text);
}
