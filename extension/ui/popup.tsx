// The toolbar popup: the same answer as in the page, for the current tab.
import type { PageReport } from "../../shared/review.ts";
import { ReportBody } from "./report-body.tsx";
import { TagChip } from "./tag-chip.tsx";

interface Props {
  /** Null while the tab's report is being read. */
  report: PageReport | null;
  onShowCard(): void;
  onOptions(): void;
}

export function Popup({ report, onShowCard, onOptions }: Props) {
  const blocks = report?.state === "tagged" ? report.suggestion.blocks.map(({ id, spans }) => ({ id, role: roleOf(id), spans })) : [];
  const ticket = report && "ticket" in report ? report.ticket : null;
  return (
    <main className="popup">
      <header className="card-head">
        <h1>SecTag{ticket && <span className="quiet"> · {ticket.key}</span>}</h1>
        <button type="button" className="icon-button" onClick={onOptions} aria-label="Open SecTag's options">
          ⚙
        </button>
      </header>
      <div className="card-body">
        {report?.state === "tagged" && (
          <p>
            <TagChip suggestion={report.suggestion} />
          </p>
        )}
        {report && <ReportBody report={report} blocks={blocks} />}
        {ticket && (
          <button type="button" className="plain-button" onClick={onShowCard}>
            Show in the ticket
          </button>
        )}
      </div>
    </main>
  );
}

/** Block ids are made by the site adapters: `title`, `description`, anything else is a comment. */
function roleOf(id: string): "title" | "description" | "comment" {
  return id === "title" || id === "description" ? id : "comment";
}
