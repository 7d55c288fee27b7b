// The side panel: the current tab's ticket with its review, the tickets that wait for one or for a lead's ruling, and the last decisions with their way to the server.
import type { Suggestion, TicketRef } from "../../shared/contract.ts";
import type { PageReport, ReviewAction } from "../../shared/review.ts";
import { DecisionList, type DecisionRow } from "./decision-list.tsx";
import { SurfaceHead, TicketOfTab } from "./popup.tsx";
import { chipWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";
import { WaitingList, type WaitingTickets } from "./waiting.tsx";

export interface QueueRow {
  ticket: TicketRef;
  url: string;
  suggestion: Pick<Suggestion, "threatType" | "severity" | "confidence" | "abstained">;
}

interface Props {
  report: PageReport | null;
  /** Newest first; null while the store is being read. */
  recent: readonly DecisionRow[] | null;
  /** Tagged here and not reviewed, the least certain first. */
  queue: readonly QueueRow[];
  /** What waits for this person as a lead; nothing for others. */
  waiting: WaitingTickets;
  /** What is wrong with the store; "" when nothing is. */
  problem: string;
  onAction(action: ReviewAction): void;
  /** Reads the tab's page although it is no known ticket. */
  onRead(): Promise<void>;
  /** Opens a ticket in the current tab. */
  onOpen(url: string): void;
  onOptions(): void;
}

export function SidePanel({ report, recent, queue, waiting, problem, onAction, onRead, onOpen, onOptions }: Props) {
  const t = useTexts();
  return (
    <main className="side-panel">
      <SurfaceHead report={report} onOptions={onOptions} />
      <div className="card-body">
        <TicketOfTab report={report} onAction={onAction} onRead={onRead} />
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <WaitingList waiting={waiting} onOpen={onOpen} />
        {queue.length > 0 && (
          <details className="queue">
            <summary>{t("panel.queue", { n: queue.length })}</summary>
            <ul className="rows">
              {queue.map(({ ticket, url, suggestion }) => (
                <li key={`${ticket.system} ${ticket.key}`}>
                  <button type="button" className="link" onClick={() => onOpen(url)}>
                    {ticket.key}
                  </button>
                  <span className="quiet">{chipWords(t, { ...suggestion, problem: null })}</span>
                </li>
              ))}
            </ul>
          </details>
        )}
        <h2>{t("panel.recent")}</h2>
        {recent && <DecisionList rows={recent} />}
      </div>
    </main>
  );
}
