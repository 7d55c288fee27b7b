// Options: which model runs here, how it came, why, and the ways to a newer or an older one.
import { type ModelView, trialTickets } from "../../shared/model-run.ts";
import { timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

export interface ModelProps {
  view: ModelView;
  /** Null while no server is connected: then nobody is asked. */
  onLook: (() => void) | null;
  onBack(): void;
}

export function Model({ view, onLook, onBack }: ModelProps) {
  const t = useTexts();
  const { running, look, refused, progress } = view;
  const mayLeave = running !== null && view.pin === null;
  return (
    <section aria-labelledby="model">
      <h2 id="model">{t("model.title")}</h2>
      <dl className="facts">
        <dt>{t("model.version")}</dt>
        <dd>{running ? t("model.release", { version: running.version, counter: running.counter }) : t("model.packaged")}</dd>
        {running && (
          <>
            <dt>{t("model.state")}</dt>
            <dd>{running.scans === null ? t("model.proven") : t("model.trial", { done: running.scans, of: trialTickets })}</dd>
            <dt>{t("model.gate")}</dt>
            <dd>{running.gate}</dd>
            <dt>{t("model.before")}</dt>
            <dd>{view.before ?? t("model.packaged")}</dd>
          </>
        )}
        <dt>{t("model.channel")}</dt>
        <dd>
          {t(`model.channels.${view.channel}`)}
          {view.pin && ` · ${t("model.pinned", { version: view.pin })}`}
        </dd>
        <dt>{t("model.look")}</dt>
        <dd>
          {/* The outcome is said aloud, not each percent on the way there. */}
          <span role="status">{progress === null && (look ? <Look look={look} running={running?.counter} /> : t("model.never"))}</span>
          {progress !== null && t("model.fetching", { percent: `${Math.floor(progress * 100)} %` })}
        </dd>
      </dl>
      {running && view.own > 0 && <p>{t("model.own", { n: view.own, version: running.version })}</p>}
      {refused && <p className="quiet">{t("model.refused", { counter: refused.counter, why: refused.why })}</p>}
      {/* A press may end what a button is for: one that is disabled then would lose the focus. */}
      <div className="row">
        <button type="button" className="plain-button" aria-disabled={!onLook} onClick={() => onLook?.()}>
          {t("model.lookNow")}
        </button>
        <button type="button" className="plain-button" aria-disabled={!mayLeave} onClick={() => mayLeave && onBack()}>
          {t("model.back")}
        </button>
      </div>
      <p className="quiet">{t("model.help")}</p>
    </section>
  );
}

function Look({ look, running }: { look: NonNullable<ModelView["look"]>; running: number | undefined }) {
  const t = useTexts();
  const { code, detail, version, at } = look;
  // Nobody looks again when the test has passed.
  const passed = code === "staged" && look.counter !== null && look.counter === running;
  return (
    <>
      {timeWords(t, at)}: {version && `${version}, `}
      {passed ? t("model.passed") : t(`model.codes.${code}`)}
      {detail && <span className="quiet"> ({detail})</span>}
    </>
  );
}
