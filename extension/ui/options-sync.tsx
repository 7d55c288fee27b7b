// Options: what waits to be sent, when it was tried and will be again, and what the server refused.
import { useEffect, useRef, useState } from "react";
import type { TicketRef } from "../../shared/contract.ts";
import type { Problem } from "../../shared/decisions.ts";
import { timeWords } from "./tag-words.ts";
import { type T, useTexts } from "./texts.ts";

interface DeadLetter {
  id: string;
  ticket: TicketRef;
  problem: Problem;
  /** Milliseconds since 1970. */
  at: number;
}

export interface SyncProps {
  connected: boolean;
  pending: number;
  status: {
    state: "idle" | "waiting" | "signed-out" | "refused";
    /** Why it waits or stopped. */
    reason: string;
    /** Milliseconds since 1970. */
    notBefore: number;
    lastSuccess: number | null;
  };
  dead: readonly DeadLetter[];
  onSyncNow(): void;
  /** Without ids: all. */
  onRetry(ids?: readonly string[]): void;
  /** All refused reviews with their problems, as a file. */
  onExport(): void;
  onDiscard(id: string): void;
}

export function Sync({ connected, pending, status, dead, onSyncNow, onRetry, onExport, onDiscard }: SyncProps) {
  const t = useTexts();
  return (
    <section aria-labelledby="sync">
      <h2 id="sync">{t("sync.title")}</h2>
      <dl className="facts">
        <dt>{t("sync.waiting")}</dt>
        <dd>{t("sync.pendingCount", { n: pending })}</dd>
        <dt>{t("sync.stateTitle")}</dt>
        <dd>{connected ? statusWords(t, status) : t("sync.status.off")}</dd>
        <dt>{t("sync.lastSuccess")}</dt>
        <dd>{status.lastSuccess === null ? t("sync.never") : timeWords(t, status.lastSuccess)}</dd>
        {connected && status.state !== "idle" && (
          <>
            <dt>{t("sync.nextTry")}</dt>
            <dd>{timeWords(t, status.notBefore)}</dd>
          </>
        )}
      </dl>
      {connected && (
        <button type="button" className="plain-button" onClick={onSyncNow}>
          {t("sync.now")}
        </button>
      )}
      {dead.length > 0 && (
        <>
          <h3>{t("sync.dead", { n: dead.length })}</h3>
          <p className="quiet">{t("sync.deadHelp")}</p>
          <div className="row">
            <button type="button" className="plain-button" onClick={() => onRetry()}>
              {t("sync.retryAll")}
            </button>
            <button type="button" className="plain-button" onClick={onExport}>
              {t("sync.export")}
            </button>
          </div>
          <ul className="rows">
            {dead.map((letter) => (
              <DeadRow key={letter.id} letter={letter} onRetry={() => onRetry([letter.id])} onDiscard={() => onDiscard(letter.id)} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function DeadRow({ letter: { ticket, problem, at }, onRetry, onDiscard }: { letter: DeadLetter; onRetry(): void; onDiscard(): void }) {
  const t = useTexts();
  /** Null until the first press. */
  const [sure, setSure] = useState<boolean | null>(null);
  // What was pressed is replaced by another question, and the focus goes with it: to the answer that does no harm.
  const next = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (sure !== null) next.current?.focus();
  }, [sure]);
  return (
    <li className="dead">
      <strong>{ticket.key}</strong>
      <span>
        {problem.title}
        {problem.detail && `: ${problem.detail}`}
      </span>
      {problem.errors?.map(({ path, message }) => (
        <span className="quiet" key={`${path} ${message}`}>
          {path}: {message}
        </span>
      ))}
      <span className="quiet">{timeWords(t, at)}</span>
      <span className="row">
        <button type="button" className="plain-button" aria-label={t("sync.retryOf", { ticket: ticket.key })} onClick={onRetry}>
          {t("sync.retry")}
        </button>
        {sure ? (
          <>
            <span>{t("sync.sure")}</span>
            <button type="button" className="plain-button danger" onClick={onDiscard}>
              {t("sync.discardYes")}
            </button>
            <button ref={next} type="button" className="plain-button" onClick={() => setSure(false)}>
              {t("sync.discardNo")}
            </button>
          </>
        ) : (
          <button
            ref={next}
            type="button"
            className="plain-button"
            aria-label={t("sync.discardOf", { ticket: ticket.key })}
            onClick={() => setSure(true)}
          >
            {t("sync.discard")}
          </button>
        )}
      </span>
    </li>
  );
}

function statusWords(t: T, { state, reason }: SyncProps["status"]): string {
  switch (state) {
    case "idle":
      return t("sync.status.idle");
    case "waiting":
      return t("sync.status.waiting", { reason });
    case "signed-out":
      return t("sync.status.signedOut", { reason });
    case "refused":
      return t("sync.status.refused", { reason });
  }
}
