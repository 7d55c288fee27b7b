// Where the page is scrolled to: keeps the span that is edited in sight, and brings everything back to where it was.
import type { ReviewSpan } from "../../shared/review.ts";
import { rangesOf } from "./anchor.ts";
import { outerElement } from "./outer-element.ts";
import type { TaggedBlock } from "./ticket-view.ts";

/** Space that is left between a word and the border of what scrolls, pixels: the chip and a page's own bars stand there. */
const margin = 80;

export interface Sight {
  /** Scrolls as little as shows the span. The first call remembers how the page was scrolled. */
  show(blocks: readonly TaggedBlock[], span: ReviewSpan | undefined): void;
  /** Scrolls back. */
  leave(): void;
  /** The page is another one: there is nothing to go back to. */
  forget(): void;
}

export function createSight(): Sight {
  let back: (() => void) | null = null;
  return {
    show(blocks, span) {
      back ??= rememberScroll(blocks.map(({ element }) => element));
      const block = span && blocks.find(({ id }) => id === span.block);
      const [range] = block ? rangesOf(block.extraction, span.start, span.end) : [];
      if (range) reveal(range);
    },
    leave() {
      back?.();
      back = null;
    },
    forget() {
      back = null;
    },
  };
}

/** Remembers how everything around the elements is scrolled. @returns what scrolls it back. */
function rememberScroll(elements: readonly Element[]): () => void {
  const boxes = new Set(elements.flatMap(scrolledAround));
  const places = [...boxes].map((box) => ({ box, left: box.scrollLeft, top: box.scrollTop }));
  return () => {
    for (const { box, left, top } of places)
      if (box.isConnected && (box.scrollLeft !== left || box.scrollTop !== top)) box.scrollTo({ left, top, behavior: "instant" });
  };
}

/** Scrolls as little as shows the range, without any animation. */
function reveal(range: Range): void {
  const start = range.startContainer;
  const element = start instanceof Element ? start : start.parentElement;
  if (!element) return;
  for (const box of scrolledAround(element)) {
    const whole = box === box.ownerDocument.scrollingElement;
    const { top, bottom } = whole ? { top: 0, bottom: box.clientHeight } : box.getBoundingClientRect();
    const words = range.getBoundingClientRect();
    const room = Math.min(margin, (bottom - top) / 4);
    const by = words.top < top + room ? words.top - top - room : words.bottom > bottom - room ? words.bottom - bottom + room : 0;
    if (by !== 0) box.scrollBy({ top: by, behavior: "instant" });
  }
}

/** The element's ancestors that can scroll, the innermost first, out of shadow trees as well. */
function scrolledAround(element: Element): Element[] {
  const found: Element[] = [];
  const page = element.ownerDocument.scrollingElement;
  for (let box: Element | null = element; box; box = box.assignedSlot ?? outerElement(box)) {
    if (box !== page && box.scrollHeight > box.clientHeight && /auto|scroll|overlay/.test(getComputedStyle(box).overflowY)) found.push(box);
  }
  return page ? [...found, page] : found;
}
