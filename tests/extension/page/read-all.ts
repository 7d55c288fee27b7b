// Reads a ticket's blocks without rests, for tests that are about what is read.
import type { BlockReader } from "../../../extension/page/block-reader.ts";
import type { PlacedBlock } from "../../../extension/sites/site.ts";

/** @returns whether anything was read anew. */
export function readAll(reader: BlockReader, placed: readonly PlacedBlock[], targets: ReadonlySet<Node> | null): boolean {
  const work = reader.reading(placed, targets);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value.take(new Set()).changed;
  }
}
