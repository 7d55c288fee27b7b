// Keeps what was read of a ticket's blocks: reads only what is new or was touched, and moves spans along with an edit.
import type { Block, Span } from "../../shared/contract.ts";
import { MAX_BLOCKS } from "../../shared/contract.ts";
import { editBetween, shiftSpans } from "../../shared/span.ts";
import type { PlacedBlock } from "../sites/site.ts";
import { type Extraction, extractText, extractValue } from "./extract-text.ts";

export interface ReadBlock {
  element: Element;
  kind: "text" | "value";
  extraction: Extraction;
  spans: Span[];
  /** As the page says it; of a text that is not drawn now, as it said it when it was. */
  restricted: boolean;
}

export interface BlockReader {
  /**
   * Brings what was read up to date.
   * @param targets nodes in or under which something changed; null reads everything.
   * @returns true when anything was read anew.
   */
  read(placed: readonly PlacedBlock[], targets: ReadonlySet<Node> | null): boolean;
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
    read(placed, targets) {
      const fresh = new Map<string, ReadBlock>();
      const used = placed.slice(0, MAX_BLOCKS);
      tooMany = used.length < placed.length;
      let changed = false;
      for (const { id, element, kind, restricted, away, skip } of used) {
        const before = read.get(id);
        if (away) {
          if (!before) continue;
          // Its nodes are gone or used for another text: there is nothing to paint until it is drawn again.
          changed ||= before.extraction.segments.length > 0;
          fresh.set(id, { ...before, element, extraction: { ...before.extraction, segments: [] } });
          continue;
        }
        if (before && before.element === element && kind === "text" && !touched(element, targets)) {
          fresh.set(id, { ...before, restricted });
          continue;
        }
        const extraction = kind === "value" ? extractValue(element) : extractText(element, { skip, isClosed });
        // A field's value changes without any sign in the DOM: it is looked at each time, and mostly it is the same.
        if (before && before.element === element && kind === "value" && before.extraction.text === extraction.text) {
          fresh.set(id, { ...before, restricted });
          continue;
        }
        changed = true;
        const edit = before && editBetween(before.extraction.text, extraction.text);
        const spans = before?.spans ?? [];
        fresh.set(id, { element, kind, extraction, spans: edit ? shiftSpans(spans, edit) : spans, restricted });
      }
      changed ||= fresh.size !== read.size;
      read = fresh;
      return changed;
    },
  };
}

/** True when one of the changed nodes lies in `element`, or `element` lies in one whose attributes or children changed; over shadow roots. */
function touched(element: Element, targets: ReadonlySet<Node> | null): boolean {
  if (targets === null) return true;
  for (const target of targets) {
    if (holds(element, target) || (target.nodeType !== Node.TEXT_NODE && holds(target, element))) return true;
  }
  return false;
}

function holds(outer: Node, inner: Node): boolean {
  for (let node: Node | null = inner; node; ) {
    if (outer.contains(node)) return true;
    const root: Node = node.getRootNode();
    node = root instanceof ShadowRoot ? root.host : null;
  }
  return false;
}
