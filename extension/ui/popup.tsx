// The toolbar popup: the same answer and the same review as in the page, for the current tab.
import { useEffect, useState } from "react";
import type { PageReport, ReviewAction } from "../../shared/review.ts";
import type { FoundBlock } from "./findings.tsx";
import { ReportBody } from "./report-body.tsx";
import { Review } from "./review.tsx";
import { keyAction } from "./review-keys.tsx";
import { Spoken } from "./spoken.tsx";
import { TagChip } from "./tag-chip.tsx";
import { useTexts } from "./texts.ts";

interface Props {
  /** Null while the tab's report is being read. */
  report: PageReport | null;
  onAction(action: ReviewAction): void;
  /** Reads the tab's page although it is no known ticket. */
  onRead(): Promise<void>;
  onShowCard(): void;
  /** Absent where the browser has no side panel. */
  onSidePanel?: (() => void) | undefined;
  onOptions(): void;
}

export function Popup({ report, onAction, onRead, onShowCard, onSidePanel, onOptions }: Props) {
  const t = useTexts();
  const hasTicket = Boolean(report && "ticket" in report && report.ticket);
  return (
    <main className="popup">
      <SurfaceHead report={report} onOptions={onOptions} />
      <div className="card-body">
        <TicketOfTab report={report} onAction={onAction} onRead={onRead} />
        <div className="row">
          {hasTicket && (
            <button type="button" className="plain-button" onClick={onShowCard}>
              {t("popup.showCard")}
            </button>
          )}
          {onSidePanel && (
            <button type="button" className="plain-button" onClick={onSidePanel}>
              {t("popup.sidePanel")}
            </button>
          )}
        </div>
      </div>
    </main>
  );
}

export function SurfaceHead({ report, onOptions }: Pick<Props, "report" | "onOptions">) {
  const t = useTexts();
  const ticket = report && "ticket" in report ? report.ticket : null;
  return (
    <header className="card-head">
      <div>
        <h1>SecTag</h1>
        {ticket && <h2 className="quiet"> · {ticket.key}</h2>}
      </div>
      <button type="button" className="icon-button" onClick={onOptions} aria-label={t("popup.options")}>
        ⚙
      </button>
    </header>
  );
}

/** Tag, review and findings of the ticket in a tab; keys that are pressed anywhere in the surface are the review's. */
export function TicketOfTab({ report, onAction, onRead }: Pick<Props, "report" | "onAction" | "onRead">) {
  const tagged = report?.state === "tagged" ? report : null;
  const review = tagged?.review ?? null;
  useEffect(() => {
    const stop = new AbortController();
    const onKey = (event: KeyboardEvent) => {
      const action = keyAction(event, review);
      if (!action) return;
      event.preventDefault();
      onAction(action);
    };
    window.addEventListener("keydown", onKey, { signal: stop.signal });
    return () => stop.abort();
  }, [review, onAction]);
  const blocks: FoundBlock[] = (tagged?.suggestion.blocks ?? []).map(({ id, spans }) => ({ id, role: roleOf(id), spans }));
  return (
    <>
      {tagged && (
        <p>
          <TagChip suggestion={tagged.suggestion} />
        </p>
      )}
      {tagged && review && <Review state={review} suggestion={tagged.suggestion} onAction={onAction} />}
      {report && <ReportBody report={report} blocks={blocks} />}
      {(report?.state === "left" || report?.state === "unreadable") && <ReadPage onRead={onRead} />}
      <Spoken report={report} />
    </>
  );
}

function ReadPage({ onRead }: Pick<Props, "onRead">) {
  const t = useTexts();
  const [refused, setRefused] = useState(false);
  return (
    <div>
      <button type="button" className="plain-button" onClick={() => void onRead().catch(() => setRefused(true))}>
        {t("popup.readPage")}
      </button>
      <p role="alert" className={refused ? "problem" : "quiet"}>
        {refused ? t("popup.readRefused") : t("popup.readHelp")}
      </p>
    </div>
  );
}

/** Block ids are made by the site adapters: `title`, `description`, anything else is a comment. */
function roleOf(id: string): FoundBlock["role"] {
  return id === "title" || id === "description" ? id : "comment";
}
