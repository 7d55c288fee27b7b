// The chip in the corner of a ticket and the card that opens from it.
import { useEffect, useRef, useState } from "react";
import type { Span, Suggestion } from "../../shared/contract.ts";
import type { Decision } from "../../shared/decisions.ts";
import type { OwnCorrections } from "../../shared/model-run.ts";
import type { PageReport, ReviewAction, ReviewState } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import type { WriteBackAction, WriteBackState } from "../../shared/write-back.ts";
import { MarkedText } from "./findings.tsx";
import { ReportBody } from "./report-body.tsx";
import { keepPagePlace, Review } from "./review.tsx";
import { escapeAction, KeyHint } from "./review-keys.tsx";
import { ReviewMenuBox } from "./review-menu.tsx";
import { News } from "./review-news.tsx";
import { verdictMarks } from "./review-words.ts";
import { Spoken } from "./spoken.tsx";
import { StateChip, TagChip } from "./tag-chip.tsx";
import { useTexts } from "./texts.ts";
import { WriteBack } from "./write-back.tsx";

export interface CardBlock {
  id: string;
  role: "title" | "description" | "comment";
  text: string;
  kind: "text" | "value";
  spans: Span[];
}

interface Props {
  report: PageReport;
  blocks: readonly CardBlock[];
  open: boolean;
  onToggle(): void;
  onRetry(): void;
  onAction(action: ReviewAction): void;
  onPreview(): Promise<Decision>;
  askOwn?: (() => Promise<OwnCorrections | null>) | undefined;
  /** Null where nothing is written to tickets. */
  writeBack?: WriteBackState | null;
  onWriteBack?: ((action: WriteBackAction) => void) | undefined;
}

export function Card({ report, blocks, open, onToggle, onRetry, onAction, onPreview, askOwn, writeBack, onWriteBack }: Props) {
  const t = useTexts();
  const chip = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (open) panel.current?.focus();
  }, [open]);
  const close = () => {
    chip.current?.focus();
    onToggle();
  };
  const tagged = report.state === "tagged" ? report : null;
  const review = tagged?.review ?? null;
  const values = blocks.filter((block) => block.kind === "value" && block.spans.length > 0);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape in any control of the card bubbles up to here; other keys are the page side's.
    <div
      className="card-corner"
      lang={t("locale")}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        const action = review && escapeAction(review);
        if (action) onAction(action);
        else if (writeBack?.phase === "diff") onWriteBack?.("close");
        else if (open) close();
      }}
    >
      {open && (
        <section className="card" aria-label={t("card.title")} tabIndex={-1} ref={panel}>
          <header className="card-head">
            <h2>SecTag{"ticket" in report && report.ticket ? <span className="quiet"> · {report.ticket.key}</span> : null}</h2>
            <button type="button" className="icon-button" onClick={close} aria-label={t("card.close")}>
              ✕
            </button>
          </header>
          {/* The body scrolls: without a tab stop, keyboards could not reach its end. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable (WCAG 2.1.1). */}
          <section className="card-body" tabIndex={0} aria-label={t("card.found")}>
            {tagged && review && (
              <Review
                state={review}
                suggestion={tagged.suggestion}
                onAction={onAction}
                onPreview={onPreview}
                asksElsewhere={writeBack?.phase === "diff"}
              />
            )}
            {review && writeBack && onWriteBack && (
              <WriteBack state={writeBack} armed={review.armed} keyName={review.keys.writeBack} onAction={onWriteBack} />
            )}
            <ReportBody report={report} blocks={blocks} askOwn={askOwn} />
            {report.state === "failed" && (
              <button type="button" className="plain-button" onClick={onRetry}>
                {t("card.retry")}
              </button>
            )}
            {values.length > 0 && (
              <>
                <h3>{t("card.formFields")}</h3>
                {values.map((block) => (
                  <MarkedText key={block.id} text={block.text} spans={block.spans} />
                ))}
              </>
            )}
          </section>
        </section>
      )}
      {!open && tagged && review && review.menu !== "closed" && (
        <QuickMenu state={review} suggestion={tagged.suggestion} onAction={onAction} />
      )}
      {review && <Toast news={review.news} heard={open} />}
      <button type="button" className="chip-button" ref={chip} onClick={open ? close : onToggle} aria-expanded={open}>
        {tagged ? <TagChip suggestion={tagged.suggestion} /> : <StateChip report={report} />}
        {review && <ReviewMark state={review} />}
        <span className="visually-hidden">. {t("card.show")}</span>
      </button>
      <Spoken report={report} />
    </div>
  );
}

/** A menu that was opened by a key while the card is closed: shown without the card, and without taking the focus from the page. */
function QuickMenu(props: { state: ReviewState; suggestion: Suggestion; onAction(action: ReviewAction): void }) {
  const t = useTexts();
  return (
    <section className="card card-quick" aria-label={t("review.title")} onMouseDown={keepPagePlace}>
      <div className="card-body">
        <ReviewMenuBox {...props} />
      </div>
    </section>
  );
}

/** The newest piece of news beside the chip, for a while; what was there while the card was open has been read in it. */
function Toast({ news, heard }: { news: ReviewState["news"]; heard: boolean }) {
  const [last, setLast] = useState(news.n);
  useEffect(() => {
    if (heard) setLast(news.n);
  }, [heard, news.n]);
  return heard || news.n === last ? null : (
    <div className="toast" key={news.n}>
      <News news={news} />
    </div>
  );
}

/** What the person decided, on the chip; while nothing is decided and keys work, the key that accepts. */
function ReviewMark({ state: { mine, armed, keys } }: { state: ReviewState }) {
  const t = useTexts();
  if (!mine) return armed ? <KeyHint name={keys.accept} armed /> : null;
  return (
    <span className="chip-review">
      <span aria-hidden="true">{verdictMarks[mine.verdict]}</span> {mine.verdict === "correct" ? tagText(mine.tag) : t("chip.reviewed")}
    </span>
  );
}
