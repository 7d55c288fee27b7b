// What SecTag says about a ticket: tag, likelihoods, findings, how it was computed. The same in the page's card and in the popup.
import type { Suggestion } from "../../shared/contract.ts";
import { severityLabel, threatTypeLabel } from "../../shared/labels.ts";
import type { PageReport } from "../../shared/review.ts";
import { likelihood, percent, tagText } from "../../shared/words.ts";
import { Findings, type FoundBlock } from "./findings.tsx";

interface Props {
  report: PageReport;
  /** Roles of the suggestion's blocks, where the caller knows them. */
  blocks: readonly FoundBlock[];
}

export function ReportBody({ report, blocks }: Props) {
  switch (report.state) {
    case "reading":
      return <Notice title="Reading the ticket…" text="The answer comes as soon as the page has settled." busy />;
    case "loading":
      return (
        <Notice
          title={`Loading the model… ${percent(report.progress)}`}
          text="Only once after the browser starts. Nothing is downloaded."
          busy
          progress={report.progress}
        />
      );
    case "unreadable":
      return <Notice title="Not readable here" text={report.reason} />;
    case "failed":
      return <Notice title="Something went wrong" text={report.reason} />;
    case "left":
      return (
        <Notice
          title="No ticket on this page"
          text="Open an issue in Jira Cloud or a record in ServiceNow's classic form, and the tag appears there and here. If SecTag was just installed, reload the page."
        />
      );
    case "tagged":
      return <Tagged suggestion={report.suggestion} unpainted={report.unpainted} blocks={blocks} />;
  }
}

function Notice({ title, text, busy = false, progress }: { title: string; text: string; busy?: boolean; progress?: number }) {
  return (
    <div className="notice" role="status" aria-busy={busy}>
      <strong>{title}</strong>
      <p>{text}</p>
      {progress !== undefined && <progress max={1} value={progress} aria-label="Model loading" />}
    </div>
  );
}

function Tagged({ suggestion, unpainted, blocks }: { suggestion: Suggestion; unpainted: number; blocks: readonly FoundBlock[] }) {
  return (
    <>
      {suggestion.problem && (
        <div className="problem" role="alert">
          <strong>The model is not available, rules still work.</strong> {suggestion.problem.message}
        </div>
      )}
      {suggestion.threatType && suggestion.severity && <Verdict suggestion={suggestion} />}
      <h3>Found in this ticket</h3>
      <Findings blocks={blocks} />
      {unpainted > 0 && (
        <p className="quiet">
          {unpainted} {unpainted === 1 ? "finding stands" : "findings stand"} in form fields, which a page cannot highlight.
        </p>
      )}
      {suggestion.truncated && <p className="quiet">This ticket is very long: the model read its beginning only.</p>}
      <p className="quiet computed">
        Computed on this machine
        {suggestion.modelVersion ? ` · model ${suggestion.modelVersion}` : ""} · {backendName(suggestion.backend)} ·{" "}
        {Math.round(suggestion.tookMs)} ms
        {suggestion.modelCalls === 0 && suggestion.modelVersion ? " (known text)" : ""}
      </p>
    </>
  );
}

function Verdict({ suggestion }: { suggestion: Suggestion }) {
  const type = threatTypeLabel(suggestion.threatType ?? "");
  const severity = severityLabel(suggestion.severity ?? "");
  const ranked = Object.entries(suggestion.probabilities ?? {})
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3);
  return (
    <>
      <p className="verdict">
        {suggestion.abstained ? (
          <>
            <strong>Not sure.</strong> The closest is <code>{tagText(suggestion)}</code> with {percent(suggestion.confidence)}: please
            decide yourself.
          </>
        ) : (
          <>
            <strong>{type?.name}</strong>
            {type?.id !== "benign" && <> · {severity?.name.toLowerCase()} severity</>} · {likelihood(suggestion.confidence)}{" "}
            <span className="together">({percent(suggestion.confidence)})</span>
          </>
        )}
        <br />
        <span className="quiet">{type?.description}.</span>
      </p>
      <table className="bars">
        <caption className="visually-hidden">Most likely threat types</caption>
        <tbody>
          {ranked.map(([id, probability]) => (
            <tr key={id}>
              <th scope="row">{threatTypeLabel(id)?.name ?? id}</th>
              <td>
                <meter min={0} max={1} value={probability} aria-label={`${threatTypeLabel(id)?.name ?? id} ${percent(probability)}`} />
              </td>
              <td className="number">{percent(probability)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function backendName(backend: Suggestion["backend"]): string {
  return { wasm: "WebAssembly", webgpu: "WebGPU", rules: "rules only" }[backend];
}
