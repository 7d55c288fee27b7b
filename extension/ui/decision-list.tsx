// The last decisions: ticket, what was decided, when, and whether the server has it.
import type { Severity, ThreatType, TicketRef } from "../../shared/contract.ts";
import type { Verdict } from "../../shared/decisions.ts";
import type { SyncState } from "../../shared/review.ts";
import { syncWords, verdictMarks, verdictWords } from "./review-words.ts";
import { timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

export interface DecisionRow {
  id: string;
  ticket: TicketRef;
  verdict: Verdict;
  tag: { threatType: ThreatType | null; severity: Severity | null };
  /** ISO 8601. */
  at: string;
  /** Who decided; null for this person. */
  by: string | null;
  sync: SyncState;
}

export function DecisionList({ rows }: { rows: readonly DecisionRow[] }) {
  const t = useTexts();
  if (rows.length === 0) return <p className="quiet">{t("panel.none")}</p>;
  return (
    <ul className="rows">
      {rows.map(({ id, ticket, verdict, tag, at, by, sync }) => (
        <li key={id}>
          <span className="standing-mark" aria-hidden="true">
            {verdictMarks[verdict]}
          </span>
          <strong>{ticket.key}</strong> <span>{verdictWords(t, verdict, tag)}</span>
          <span className="quiet">
            {by && `${by} · `}
            {syncWords(t, sync)} · {timeWords(t, at)}
          </span>
        </li>
      ))}
    </ul>
  );
}
