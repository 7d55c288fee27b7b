// Puts together what a person works with in a page: the card, the review of its ticket, and what is written to the ticket.
import type { askBackground } from "./ask-background.ts";
import { type CardHost, createCardHost } from "./page/card-host.ts";
import { createReviewSession, type ReviewSession } from "./page/review-session.ts";
import type { PageView } from "./page/ticket-view.ts";
import { texts } from "./texts.ts";
import { createCardView } from "./ui/card-view.tsx";
import { findTicketApi } from "./write-back/find-ticket.ts";
import { createWriteBack } from "./write-back/write-back.ts";

interface Options {
  document: Document;
  /** Of the card. */
  css: string;
  background: Pick<ReturnType<typeof askBackground>, "ownCorrections" | "review" | "writeBack">;
  retry(): void;
  /** Something else is to be shown. */
  changed(): void;
  signal: AbortSignal;
}

export interface PageReview {
  review: ReviewSession;
  /** The page took the card away for good. */
  cardRemoved(): boolean;
  draw(view: PageView | null): void;
  show(how: "open" | "toggle"): void;
  /** The background has something new. */
  heard(what: "history" | "settings"): void;
}

export function createPageReview({ document, css, background, retry, changed, signal }: Options): PageReview {
  let host: CardHost | null = null;
  let cardRemoved = false;
  const card = createCardView({
    createHost: () => {
      cardRemoved = false;
      host = createCardHost(document, css, () => {
        cardRemoved = true;
        changed();
      });
      return host;
    },
    t: texts,
    onRetry: retry,
    onAction: (action) => review.act(action),
    onPreview: () => review.preview(),
    askOwn: background.ownCorrections,
    onWriteBack: (action) => void writeBack.act(action),
  });
  const writeBack = createWriteBack({
    // The frame's own address: ServiceNow's form stands in one.
    find: (ticket, field) =>
      findTicketApi({ url: new URL(document.location.href), document, ticket, field, fetch: (url, init) => fetch(url, init) }),
    ask: background.writeBack,
    noteOf: (tag) => texts("writeBack.text", { tag }),
    now: Date.now,
    changed,
    signal,
  });
  const review = createReviewSession({
    document,
    ask: background.review,
    card: { own: () => host, close: card.close },
    writeBack: {
      asks: writeBack.asks,
      act(action) {
        const used = writeBack.act(action);
        // What would be written must be seen.
        if (used && action === "open") card.show("open");
        return used;
      },
    },
    changed,
    signal,
  });
  return {
    review,
    cardRemoved: () => cardRemoved,
    draw: (view) => {
      const state = writeBack.follow(view?.report ?? null);
      card.draw(view && { ...view, writeBack: state });
    },
    show: card.show,
    heard(what) {
      review.heard(what);
      if (what === "settings") writeBack.heard();
    },
  };
}
