// Options: how the model runs on this machine and why, and whether the graphics processor may be used.
import type { EngineSettings, EngineStatus } from "../messages.ts";
import { timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

export interface EngineProps {
  settings: EngineSettings | null;
  status: EngineStatus | null;
  onSettings(settings: EngineSettings): void;
  onMeasureAgain(): void;
}

export function Engine({ settings, status, onSettings, onMeasureAgain }: EngineProps) {
  const t = useTexts();
  return (
    <>
      <section aria-labelledby="engine">
        <h2 id="engine">{t("engine.title")}</h2>
        {status ? <Status status={status} /> : <p>{t("engine.notYet")}</p>}
        <button type="button" className="plain-button" onClick={onMeasureAgain}>
          {t("engine.measureAgain")}
        </button>
      </section>
      <section aria-labelledby="graphics">
        <h2 id="graphics">{t("engine.graphics")}</h2>
        <label className="choice">
          <input
            type="checkbox"
            checked={settings?.webgpu !== "off"}
            disabled={!settings}
            onChange={(event) => onSettings({ webgpu: event.target.checked ? "auto" : "off" })}
          />
          <span>{t("engine.webgpu")}</span>
        </label>
        <p className="quiet">{t("engine.webgpuHelp")}</p>
      </section>
    </>
  );
}

function Status({ status }: { status: EngineStatus }) {
  const t = useTexts();
  const { choice, problem } = status;
  return (
    <>
      {problem && (
        <div className="problem" role="alert">
          <strong>{t("report.modelProblem")}</strong> {problem.message}
        </div>
      )}
      <dl className="facts">
        <dt>{t("engine.model")}</dt>
        <dd>{status.modelVersion ?? t("engine.none")}</dd>
        <dt>{t("engine.runsOn")}</dt>
        <dd>
          {status.backend === "rules" ? t("report.rulesOnly") : { wasm: "WebAssembly", webgpu: "WebGPU" }[status.backend]}
          {status.backend === "wasm" && `, ${t("engine.threads", { n: status.threads })}`}
        </dd>
        <dt>{t("engine.why")}</dt>
        <dd>{choice?.reason ?? t("engine.notMeasured")}</dd>
        <dt>{t("engine.threadsPossible")}</dt>
        <dd>{status.crossOriginIsolated ? t("engine.isolated") : t("engine.notIsolated")}</dd>
      </dl>
      {choice && choice.measured.length > 0 && (
        <table>
          <caption>{t("engine.measured", { time: timeWords(t, choice.at) })}</caption>
          <thead>
            <tr>
              <th scope="col">{t("engine.way")}</th>
              <th scope="col">{t("engine.threadsHead")}</th>
              <th scope="col">{t("engine.median")}</th>
            </tr>
          </thead>
          <tbody>
            {choice.measured.map((row) => (
              <tr key={`${row.backend} ${row.threads}`}>
                <td>{row.backend === "wasm" ? "WebAssembly" : "WebGPU"}</td>
                <td>{row.threads}</td>
                <td>{row.medianMs.toFixed(1)} ms</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {status.notes.map((note) => (
        <p key={note} className="quiet">
          {note}
        </p>
      ))}
    </>
  );
}
