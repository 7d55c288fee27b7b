// The chip in the corner of a ticket and the card that opens from it.
import { useEffect, useRef } from "react";
import type { Span } from "../../shared/contract.ts";
import type { PageReport } from "../../shared/review.ts";
import { chipText, percent } from "../../shared/words.ts";
import { MarkedText } from "./findings.tsx";
import { ReportBody } from "./report-body.tsx";
import { TagChip } from "./tag-chip.tsx";

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
}

export function Card({ report, blocks, open, onToggle, onRetry }: Props) {
  const chip = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (open) panel.current?.focus();
  }, [open]);
  const close = () => {
    chip.current?.focus();
    onToggle();
  };
  const values = blocks.filter((block) => block.kind === "value" && block.spans.length > 0);
  return (
    <div className="card-corner">
      {open && (
        <section
          className="card"
          aria-label="SecTag suggestion"
          tabIndex={-1}
          ref={panel}
          onKeyDown={(event) => {
            if (event.key === "Escape") close();
          }}
        >
          <header className="card-head">
            <h2>SecTag{"ticket" in report && report.ticket ? <span className="quiet"> · {report.ticket.key}</span> : null}</h2>
            <button type="button" className="icon-button" onClick={close} aria-label="Close the SecTag card">
              ✕
            </button>
          </header>
          {/* The body scrolls: without a tab stop, keyboards could not reach its end. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable (WCAG 2.1.1). */}
          <section className="card-body" tabIndex={0} aria-label="What was found">
            <ReportBody report={report} blocks={blocks} />
            {report.state === "failed" && (
              <button type="button" className="plain-button" onClick={onRetry}>
                Try again
              </button>
            )}
            {values.length > 0 && (
              <>
                <h3>Text of form fields</h3>
                {values.map((block) => (
                  <MarkedText key={block.id} text={block.text} spans={block.spans} />
                ))}
              </>
            )}
          </section>
        </section>
      )}
      <button type="button" className="chip-button" ref={chip} onClick={open ? close : onToggle} aria-expanded={open}>
        {report.state === "tagged" ? <TagChip suggestion={report.suggestion} /> : <StateChip report={report} />}
        <span className="visually-hidden">. SecTag: show what was found and why</span>
      </button>
      <span className="visually-hidden" role="status">
        {spoken(report)}
      </span>
    </div>
  );
}

/** What a screen reader hears when the state changes. */
function spoken(report: PageReport): string {
  if (report.state === "tagged") return `SecTag: ${chipText(report.suggestion)}`;
  return report.state === "failed" || report.state === "unreadable" ? `SecTag: ${report.reason}` : "";
}

function StateChip({ report }: { report: PageReport }) {
  const [mark, text] = stateWords(report);
  return (
    <span className={`chip tone-${report.state === "failed" ? "failed" : "quiet"}`}>
      <span className="chip-mark" aria-hidden="true">
        {mark}
      </span>
      <span>{text}</span>
    </span>
  );
}

function stateWords(report: PageReport): [string, string] {
  switch (report.state) {
    case "loading":
      return ["…", `loading the model · ${percent(report.progress)}`];
    case "unreadable":
      return ["–", "not readable here"];
    case "failed":
      return ["!", "SecTag failed"];
    default:
      return ["…", "reading"];
  }
}
