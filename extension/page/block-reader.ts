// Keeps what was read of a ticket's blocks: reads only what is new or was touched, and moves spans along with an edit.
import type { Block, Span } from "../../shared/contract.ts";
import { MAX_BLOCKS } from "../../shared/contract.ts";
import { editBetween, shiftSpans } from "../../shared/span.ts";
import type { PlacedBlock } from "../sites/site.ts";
import { type Extraction, extractText, extractValue, readingText } from "./extract-text.ts";

export interface ReadBlock {
  element: Element;
  kind: "text" | "value";
  extraction: Extraction;
  spans: Span[];
  /** As the page says it; of a text that is not drawn now, as it said it when it was. */
  restricted: boolean;
}

export interface Reading {
  /**
   * Makes what was read the truth, but for blocks that changed while it was read.
   * @param meanwhile as `targets`.
   */
  take(meanwhile: ReadonlySet<Node> | null): { changed: boolean; torn: boolean };
}

export interface BlockReader {
  /**
   * Brings what was read up to date, with rests in between; `atOneGo`: only between two texts. Nothing counts before the reading that comes out is taken.
   * @param targets nodes in or under which something changed; null reads everything.
   */
  reading(placed: readonly PlacedBlock[], targets: ReadonlySet<Node> | null, options?: { atOneGo: boolean }): Generator<void, Reading>;
  /** By block id, in the page's order. */
  blocks(): ReadonlyMap<string, ReadBlock>;
  /** The blocks as they are sent. */
  asRequest(placed: readonly PlacedBlock[]): Block[];
  /** Some text or blocks were left out because there was too much. */
  cut(): boolean;
  /** Parts of the ticket that are displayed and could not be read. */
  unread(): number;
  setSpans(found: readonly { id: string; spans: Span[] }[]): void;
  clear(): void;
}

/** @param isClosed whether an element has a shadow root that it does not show. */
export function createBlockReader(isClosed?: (element: Element) => boolean): BlockReader {
  let read = new Map<string, ReadBlock>();
  let tooMany = false;
  return {
    blocks: () => read,
    cut: () => tooMany || [...read.values()].some(({ extraction }) => extraction.cut),
    unread: () => [...read.values()].reduce((sum, { extraction }) => sum + extraction.unread, 0),
    clear() {
      read = new Map();
    },
    setSpans(found) {
      const byId = new Map(found.map(({ id, spans }) => [id, spans]));
      read = new Map([...read].map(([id, block]) => [id, { ...block, spans: byId.get(id) ?? [] }]));
    },
    asRequest: (placed) =>
      placed.flatMap(({ id, role }) => {
        const got = read.get(id);
        return got ? [{ id, role, text: got.extraction.text }] : [];
      }),
    reading,
  };

  function* reading(
    placed: readonly PlacedBlock[],
    targets: ReadonlySet<Node> | null,
    { atOneGo } = { atOneGo: false },
  ): Generator<void, Reading> {
    const fresh = new Map<string, Omit<ReadBlock, "spans">>();
    const used = placed.slice(0, MAX_BLOCKS);
    const isTouched = touch(targets);
    let anew = false;
    for (const { id, element, kind, restricted, away, skip } of used) {
      const before = read.get(id);
      if (away) {
        if (!before) continue;
        // Its nodes are gone or used for another text: there is nothing to paint until it is drawn again.
        const painted = before.extraction.segments.length > 0;
        anew ||= painted;
        fresh.set(id, { ...before, element, extraction: painted ? { ...before.extraction, segments: [] } : before.extraction });
        continue;
      }
      if (before && before.element === element && kind === "text" && !isTouched(element)) {
        fresh.set(id, { ...before, restricted });
        continue;
      }
      const how = { skip, isClosed };
      const extraction = kind === "value" ? extractValue(element) : atOneGo ? extractText(element, how) : yield* readingText(element, how);
      // A field's value changes without any sign in the DOM: it is looked at each time, and mostly it is the same.
      if (before && before.element === element && kind === "value" && before.extraction.text === extraction.text) {
        fresh.set(id, { ...before, restricted });
        continue;
      }
      anew = true;
      fresh.set(id, { element, kind, extraction, restricted });
      yield;
    }
    return {
      take(meanwhile) {
        const next = new Map<string, ReadBlock>();
        const isTorn = touch(meanwhile);
        let torn = false;
        for (const [id, block] of fresh) {
          const before = read.get(id);
          const same = before?.extraction === block.extraction;
          if (!same && isTorn(block.element)) {
            torn = true;
            if (before) next.set(id, before);
            continue;
          }
          const edit = before && !same ? editBetween(before.extraction.text, block.extraction.text) : null;
          const spans = before?.spans ?? [];
          next.set(id, { ...block, spans: edit ? shiftSpans(spans, edit) : spans });
        }
        const changed = anew || next.size !== read.size;
        tooMany = used.length < placed.length;
        read = next;
        return { changed, torn };
      },
    };
  }
}

/**
 * Whether one of the changed nodes lies in an element, or it lies in one whose attributes or children changed; over shadow roots.
 * @param targets null: everything is touched.
 */
function touch(targets: ReadonlySet<Node> | null): (element: Element) => boolean {
  if (targets === null) return () => true;
  const holders = new Set<Node>();
  for (const target of targets) {
    for (let node: Node | null = target; node && !holders.has(node); node = above(node)) holders.add(node);
  }
  return (element) => {
    if (holders.has(element)) return true;
    for (let node = above(element); node; node = above(node)) if (targets.has(node)) return true;
    return false;
  };
}

function above(node: Node): Node | null {
  return node.parentNode ?? (node instanceof ShadowRoot ? node.host : null);
}
