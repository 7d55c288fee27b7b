// Options: the connection to a server: who this browser is there and until when; before it, what would be sent once it is made.
import { useState } from "react";
import type { Decision, Me } from "../../shared/decisions.ts";
import { DecisionText } from "./review-preview.tsx";
import { timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

export interface ConnectionProps {
  connection: { baseUrl: string; me: Me; since: string } | null;
  /** Reviews that would be sent at once. */
  waiting: number;
  /** One of them, as it would leave; null when none waits. */
  sample: Decision | null;
  /** Gives the pairing link's code for a key. Rejects with a sentence for a person. */
  onConnect(link: string): Promise<void>;
  onDisconnect(): void;
}

export function Connection({ connection, waiting, sample, onConnect, onDisconnect }: ConnectionProps) {
  const t = useTexts();
  return (
    <section aria-labelledby="connection">
      <h2 id="connection">{t("connection.title")}</h2>
      {connection ? (
        <Connected connection={connection} onDisconnect={onDisconnect} />
      ) : (
        <>
          <p>{t("connection.none")}</p>
          <p>{t("connection.waiting", { n: waiting })}</p>
          {sample && (
            <details>
              <summary>{t("connection.sample")}</summary>
              <DecisionText decision={sample} />
            </details>
          )}
          <PairForm onConnect={onConnect} />
        </>
      )}
    </section>
  );
}

function PairForm({ onConnect }: Pick<ConnectionProps, "onConnect">) {
  const t = useTexts();
  const [link, setLink] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const connect = async () => {
    setBusy(true);
    setProblem("");
    try {
      await onConnect(link);
      setLink("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <form
      className="pair"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void connect();
      }}
    >
      <label htmlFor="pairing-link">{t("connection.link")}</label>
      <div className="row">
        {/* The link holds a secret: no autocomplete, no spell checker that sends it somewhere. */}
        <input
          id="pairing-link"
          type="text"
          autoComplete="off"
          spellCheck={false}
          value={link}
          placeholder="https://sectag.example/pair#…"
          aria-invalid={problem !== ""}
          aria-describedby="pairing-problem"
          onChange={(event) => setLink(event.target.value)}
        />
        <button type="submit" className="plain-button" aria-disabled={busy}>
          {busy ? t("connection.connecting") : t("connection.connect")}
        </button>
      </div>
      <p id="pairing-problem" role="alert" className={problem ? "problem" : ""}>
        {problem}
      </p>
      <p className="quiet">{t("connection.linkHelp")}</p>
    </form>
  );
}

function Connected({
  connection: { baseUrl, me, since },
  onDisconnect,
}: {
  connection: NonNullable<ConnectionProps["connection"]>;
  onDisconnect(): void;
}) {
  const t = useTexts();
  return (
    <>
      <dl className="facts">
        <dt>{t("connection.server")}</dt>
        <dd>{baseUrl}</dd>
        <dt>{t("connection.user")}</dt>
        <dd>
          {me.user.name} ({t(`role.${me.user.role}`)})
        </dd>
        <dt>{t("connection.org")}</dt>
        <dd>{me.org.name}</dd>
        <dt>{t("connection.scopes")}</dt>
        <dd>{me.scopes.join(", ")}</dd>
        <dt>{t("connection.since")}</dt>
        <dd>{timeWords(t, since)}</dd>
        <dt>{t("connection.until")}</dt>
        <dd>{me.keyExpires ? timeWords(t, me.keyExpires) : t("connection.noEnd")}</dd>
      </dl>
      <button type="button" className="plain-button" onClick={onDisconnect}>
        {t("connection.disconnect")}
      </button>
      <p className="quiet">{t("connection.disconnectHelp")}</p>
    </>
  );
}
