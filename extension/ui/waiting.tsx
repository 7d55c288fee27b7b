// For leads: tickets whose reviews teach the model nothing until somebody rules on them, and why.
import type { TicketRef } from "../../shared/contract.ts";
import type { WaitReason } from "../../shared/decisions.ts";
import { tagText } from "../../shared/words.ts";
import { useTexts } from "./texts.ts";

interface WaitingTicket {
  ticket: TicketRef;
  reason: WaitReason;
  url: string | null;
  /** What people said of it, what most said first; no tag: that the suggestion is wrong. */
  said: readonly { tag: Parameters<typeof tagText>[0] | null; people: number }[];
}

export interface WaitingTickets {
  /** The most urgent first; `url` is null for a ticket that was never open in this browser. */
  rows: readonly WaitingTicket[];
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
        {rows.map(({ ticket, reason, url, said }) => (
          <li key={`${ticket.system} ${ticket.key}`}>
            {url ? (
              <button type="button" className="link" onClick={() => onOpen(url)}>
                {ticket.key}
              </button>
            ) : (
              <strong>{ticket.key}</strong>
            )}
            {said.length > 0 && (
              <span>{said.map(({ tag, people }) => `${tag ? tagText(tag) : t("verdict.reject")} (${people})`).join(" · ")}</span>
            )}
            <span className="quiet">{t(`waiting.reason.${reason}`)}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="quiet">{t("waiting.more", { n: more })}</p>}
    </details>
  );
}
