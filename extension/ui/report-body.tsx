// What SecTag says about a ticket: tag, likelihoods, findings, how it was computed. The same in the page's card and in the popup.
import type { Suggestion, ThreatType } from "../../shared/contract.ts";
import { threatTypeIds } from "../../shared/labels.ts";
import type { OwnCorrections } from "../../shared/model-run.ts";
import type { PageReport } from "../../shared/review.ts";
import { percent, tagText } from "../../shared/words.ts";
import { Findings, type FoundBlock } from "./findings.tsx";
import { OwnCorrectionsLine } from "./own-corrections.tsx";
import { likelihoodWord, severityName, threatTypeDescription, threatTypeName } from "./tag-words.ts";
import { type T, useTexts } from "./texts.ts";

interface Props {
  report: PageReport;
  /** Roles of the suggestion's blocks, where the caller knows them. */
  blocks: readonly FoundBlock[];
  /** Whose corrections are in the model; absent where that is not shown. */
  askOwn?: (() => Promise<OwnCorrections | null>) | undefined;
}

export function ReportBody({ report, blocks, askOwn }: Props) {
  const t = useTexts();
  switch (report.state) {
    case "reading":
      return <Notice title={t("state.reading.title")} text={t("state.reading.text")} busy />;
    case "loading":
      return (
        <Notice
          title={t("state.loading.title", { percent: percent(report.progress) })}
          text={t("state.loading.text")}
          busy
          progress={report.progress}
        />
      );
    case "unreadable":
      return <Notice title={t("state.unreadable.title")} text={report.reason} />;
    case "failed":
      return <Notice title={t("state.failed.title")} text={report.reason} />;
    case "left":
      return <Notice title={t("state.left.title")} text={t("state.left.text")} />;
    case "tagged":
      return <Tagged report={report} blocks={blocks} askOwn={askOwn} />;
  }
}

function Notice({ title, text, busy = false, progress }: { title: string; text: string; busy?: boolean; progress?: number }) {
  const t = useTexts();
  return (
    <div className="notice" role="status" aria-busy={busy}>
      <strong>{title}</strong>
      <p>{text}</p>
      {progress !== undefined && <progress max={1} value={progress} aria-label={t("state.loading.bar")} />}
    </div>
  );
}

interface TaggedProps {
  report: Extract<PageReport, { state: "tagged" }>;
  blocks: readonly FoundBlock[];
  askOwn: Props["askOwn"];
}

function Tagged({ report, blocks, askOwn }: TaggedProps) {
  const { suggestion, unpainted, unread = 0, cardRemoved } = report;
  const t = useTexts();
  const computed = [
    t("report.computed"),
    ...(suggestion.modelVersion ? [t("report.model", { version: suggestion.modelVersion })] : []),
    backendName(t, suggestion.backend),
    `${Math.round(suggestion.tookMs)} ms`,
  ];
  return (
    <>
      {suggestion.problem && (
        <div className="problem" role="alert">
          <strong>{t("report.modelProblem")}</strong> {suggestion.problem.message}
        </div>
      )}
      {suggestion.threatType && suggestion.severity && <Verdict suggestion={suggestion} />}
      <h3>{t("report.found")}</h3>
      <Findings blocks={blocks} />
      {unpainted > 0 && <p className="quiet">{t("report.unpainted", { n: unpainted })}</p>}
      {unread > 0 && <p className="quiet">{t("report.unread", { n: unread })}</p>}
      {cardRemoved && <p className="quiet">{t("report.cardRemoved")}</p>}
      {suggestion.truncated && <p className="quiet">{t("report.truncated")}</p>}
      <p className="quiet computed">
        {computed.join(" · ")}
        {suggestion.modelCalls === 0 && suggestion.modelVersion ? ` (${t("report.known")})` : ""}
      </p>
      {askOwn && suggestion.modelVersion && <OwnCorrectionsLine version={suggestion.modelVersion} ask={askOwn} />}
    </>
  );
}

function Verdict({ suggestion }: { suggestion: Suggestion }) {
  const t = useTexts();
  const { threatType, severity, abstained, confidence } = suggestion;
  const ranked = threatTypeIds
    .map((id: ThreatType) => ({ id, probability: suggestion.probabilities?.[id] ?? 0 }))
    .filter(() => suggestion.probabilities !== null)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 3);
  return (
    <>
      <p className="verdict">
        {abstained ? (
          <>
            <strong>{t("report.notSure")}</strong> {t("report.closest", { tag: tagText(suggestion), percent: percent(confidence) })}
          </>
        ) : (
          <>
            <strong>{threatType && threatTypeName(t, threatType)}</strong>
            {threatType !== "benign" && severity && <> · {t("report.severity", { severity: severityName(t, severity) })}</>} ·{" "}
            {likelihoodWord(t, confidence)} <span className="together">({percent(confidence)})</span>
          </>
        )}
        <br />
        <span className="quiet">{threatType && threatTypeDescription(t, threatType)}.</span>
      </p>
      <table className="bars">
        <caption className="visually-hidden">{t("report.ranking")}</caption>
        <tbody>
          {ranked.map(({ id, probability }) => (
            <tr key={id}>
              <th scope="row">{threatTypeName(t, id)}</th>
              <td>
                <meter min={0} max={1} value={probability} aria-label={`${threatTypeName(t, id)} ${percent(probability)}`} />
              </td>
              <td className="number">{percent(probability)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function backendName(t: T, backend: Suggestion["backend"]): string {
  return backend === "rules" ? t("report.rulesOnly") : { wasm: "WebAssembly", webgpu: "WebGPU" }[backend];
}
