// The options page: how the model runs on this machine and why, what may be used, and what leaves the machine (nothing).
import type { EngineSettings, EngineStatus } from "../messages.ts";

interface Props {
  settings: EngineSettings | null;
  status: EngineStatus | null;
  onSettings(settings: EngineSettings): void;
  onMeasureAgain(): void;
}

export function Options({ settings, status, onSettings, onMeasureAgain }: Props) {
  return (
    <main className="options">
      <h1>SecTag</h1>
      <section>
        <h2>How the model runs</h2>
        {status ? <Status status={status} /> : <p>The model has not run since the browser started. Open a ticket, and this page fills.</p>}
        <button type="button" className="plain-button" onClick={onMeasureAgain}>
          Measure again at the next start
        </button>
      </section>
      <section>
        <h2>Graphics processor</h2>
        <label className="choice">
          <input
            type="checkbox"
            checked={settings?.webgpu !== "off"}
            disabled={!settings}
            onChange={(event) => onSettings({ webgpu: event.target.checked ? "auto" : "off" })}
          />
          <span>Use WebGPU where it gives the same answers and is faster</span>
        </label>
        <p className="quiet">
          It is tried only on a real graphics processor, after a self-test beside the safe default. The change counts from the next start.
        </p>
      </section>
      <section>
        <h2>Privacy</h2>
        <p>
          The text of your tickets stays on this machine. SecTag reads Jira Cloud and ServiceNow pages only, computes the tag here, and
          connects to no server. It keeps hashes, positions and labels of texts that it has seen, not the texts.
        </p>
      </section>
    </main>
  );
}

function Status({ status }: { status: EngineStatus }) {
  const { choice, problem } = status;
  return (
    <>
      {problem && (
        <div className="problem" role="alert">
          <strong>The model is not available, rules still work.</strong> {problem.message}
        </div>
      )}
      <dl className="facts">
        <dt>Model</dt>
        <dd>{status.modelVersion ?? "none"}</dd>
        <dt>Runs on</dt>
        <dd>
          {{ wasm: "WebAssembly", webgpu: "WebGPU", rules: "rules only" }[status.backend]}
          {status.backend === "wasm" && `, ${status.threads} ${status.threads === 1 ? "thread" : "threads"}`}
        </dd>
        <dt>Why</dt>
        <dd>{choice?.reason ?? "Not measured yet: one thread is the safe start."}</dd>
        <dt>Threads possible</dt>
        <dd>{status.crossOriginIsolated ? "yes (the page is isolated)" : "no (this browser does not isolate the page): one thread"}</dd>
      </dl>
      {choice && choice.measured.length > 0 && (
        <table>
          <caption>Measured on this machine, {new Date(choice.at).toLocaleString()}</caption>
          <thead>
            <tr>
              <th scope="col">Way</th>
              <th scope="col">Threads</th>
              <th scope="col">Median time of a window</th>
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
