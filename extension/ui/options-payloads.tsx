// Options: the last request bodies that left this machine, to the byte.
import { numberWords, timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

export interface PayloadsProps {
  /** Newest first. */
  payloads: readonly {
    n?: number | undefined;
    /** Milliseconds since 1970. */
    at: number;
    url: string;
    body: string;
    /** HTTP status; null while unanswered. */
    status: number | null;
  }[];
}

export function Payloads({ payloads }: PayloadsProps) {
  const t = useTexts();
  return (
    <section aria-labelledby="payloads">
      <h2 id="payloads">{t("payloads.title")}</h2>
      <p className="quiet">{payloads.length === 0 ? t("payloads.none") : t("payloads.help")}</p>
      {payloads.map(({ n, at, url, body, status }) => (
        <details key={n ?? at}>
          <summary>
            {timeWords(t, at)} · {t("payloads.bytes", { bytes: numberWords(t, new TextEncoder().encode(body).byteLength) })} ·{" "}
            {status === null ? t("payloads.unanswered") : t("payloads.answer", { status })}
          </summary>
          <p className="quiet">POST {url}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable (WCAG 2.1.1). */}
          <pre className="json" tabIndex={0}>
            {pretty(body)}
          </pre>
        </details>
      ))}
    </section>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body; // Whatever it was, it is shown as it left.
  }
}
