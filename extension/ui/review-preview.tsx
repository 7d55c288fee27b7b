// What would leave the machine for this ticket: the decision's redacted texts to read, every other field in a list, and the exact JSON.
import { useEffect, useState } from "react";
import type { Decision } from "../../shared/decisions.ts";
import { useTexts } from "./texts.ts";

interface Props {
  load(): Promise<Decision>;
  /** Changes with each decision: an open preview is then read anew. */
  version: number;
}

type Loaded = { decision: Decision } | { problem: string } | null;

export function Preview({ load, version }: Props) {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const [loaded, setLoaded] = useState<Loaded>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `load` is new with each drawing; `version` says when its answer would be.
  useEffect(() => {
    if (!open) return;
    let current = true;
    load().then(
      (decision) => current && setLoaded({ decision }),
      (error: unknown) => current && setLoaded({ problem: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      current = false;
    };
  }, [open, version]);
  return (
    <div className="preview">
      <button type="button" className="disclosure" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("preview.title")}
      </button>
      {open && (
        <div className="preview-body">
          <p className="quiet">{t("preview.intro")}</p>
          {!loaded && <p className="quiet">{t("preview.loading")}</p>}
          {loaded && "problem" in loaded && <p className="problem">{t("preview.failed", { reason: loaded.problem })}</p>}
          {loaded && "decision" in loaded && <DecisionText decision={loaded.decision} />}
        </div>
      )}
    </div>
  );
}

/** A decision as it leaves, readable and whole. */
export function DecisionText({ decision }: { decision: Decision }) {
  const t = useTexts();
  const { blocks, ...fields } = decision;
  const { omitted } = decision;
  const left = omitted.blocks + omitted.spans;
  return (
    <>
      {blocks.map(({ role, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no other identity here, and never move.
        <div key={index}>
          <p className="subhead">{t(`block.${role}`)}</p>
          <p className="marked-text" dir="auto">
            <Redacted text={text} />
          </p>
        </div>
      ))}
      {(left > 0 || omitted.text) && <p className="quiet">{t("preview.omitted", { blocks: omitted.blocks, spans: omitted.spans })}</p>}
      <p className="subhead">{t("preview.fields")}</p>
      <table className="fields">
        <tbody>
          {flatten(fields).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td dir="auto">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <details>
        <summary>{t("preview.json")}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable (WCAG 2.1.1). */}
        <pre className="json" tabIndex={0}>
          {JSON.stringify(decision, null, 2)}
        </pre>
      </details>
    </>
  );
}

/** What redaction puts in the place of something that must stay; the same kinds as in store/redact-finding.ts (tested). */
export const placeholderKinds = ["email", "phone", "token", "key", "jwt", "iban", "card", "query", "user"] as const;
const placeholder = new RegExp(`(\\[(?:${placeholderKinds.join("|")})\\])`);

function Redacted({ text }: { text: string }) {
  const t = useTexts();
  return text.split(placeholder).map((piece, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text never move.
      <mark key={index} className="redacted" title={t("preview.redacted")}>
        {piece}
      </mark>
    ) : (
      piece
    ),
  );
}

/** `{a: {b: 1}, c: [2]}` -> `a.b 1`, `c.0 2`: a list that leaves nothing out. A marked word is one row: there may be two hundred. */
export function flatten(value: unknown, name = ""): [name: string, value: string][] {
  if (typeof value !== "object" || value === null) return [[name, String(value)]];
  if ("quote" in value) return [[name, Object.values(value).join(" · ")]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[name, Array.isArray(value) ? "[]" : "{}"]];
  return entries.flatMap(([key, inner]) => flatten(inner, name ? `${name}.${key}` : key));
}
