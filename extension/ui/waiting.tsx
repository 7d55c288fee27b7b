// For leads: tickets whose reviews teach the model nothing until somebody rules on them, and why.
import type { TicketRef } from "../../shared/contract.ts";
import type { WaitReason } from "../../shared/decisions.ts";
import { useTexts } from "./texts.ts";

export interface WaitingTickets {
  /** The most urgent first; `url` is null for a ticket that was never open in this browser. */
  rows: readonly { ticket: TicketRef; reason: WaitReason; url: string | null }[];
  /** So many more are not named. */
  more: number;
}

interface Props {
  waiting: WaitingTickets;
  onOpen(url: string): void;
}

export function WaitingList({ waiting: { rows, more }, onOpen }: Props) {
  const t = useTexts();
  if (rows.length === 0) return null;
  return (
    <details className="queue">
      <summary>{t("waiting.title", { n: rows.length + more })}</summary>
      <p className="quiet">{t("waiting.help")}</p>
      <ul className="rows">
        {rows.map(({ ticket, reason, url }) => (
          <li key={`${ticket.system} ${ticket.key}`}>
            {url ? (
              <button type="button" className="link" onClick={() => onOpen(url)}>
                {ticket.key}
              </button>
            ) : (
              <strong>{ticket.key}</strong>
            )}
            <span className="quiet">{t(`waiting.reason.${reason}`)}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="quiet">{t("waiting.more", { n: more })}</p>}
    </details>
  );
}
