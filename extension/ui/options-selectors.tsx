// Options: which selectors the pages are read by, what the last look for others brought, and the way back to the packaged ones.
import type { PackView } from "../../shared/pack-view.ts";
import { timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

export interface SelectorsProps {
  view: PackView;
  /** Null while no server is connected: then nobody is asked. */
  onLook: (() => void) | null;
  onPackaged(): void;
}

export function Selectors({ view, onLook, onPackaged }: SelectorsProps) {
  const t = useTexts();
  const { inUse, expired, pin, look, refused } = view;
  const mayLeave = inUse !== null && pin === null;
  const day = (time: string) => time.slice(0, 10);
  return (
    <section aria-labelledby="selectors">
      <h2 id="selectors">{t("selectors.title")}</h2>
      <dl className="facts">
        <dt>{t("selectors.inUse")}</dt>
        <dd>
          {inUse ? t("selectors.pack", { counter: inUse.counter, created: day(inUse.created) }) : t("selectors.packagedOnly")}
          {pin && ` · ${t("selectors.pinned", { pin })}`}
        </dd>
        {inUse && (
          <>
            <dt>{t("selectors.sites")}</dt>
            <dd>{inUse.sites.join(", ") || t("selectors.noSites")}</dd>
            <dt>{t("selectors.until")}</dt>
            <dd>{day(inUse.expires)}</dd>
          </>
        )}
        <dt>{t("selectors.look")}</dt>
        <dd>
          <span role="status">
            {look ? (
              <>
                {timeWords(t, look.at)}: {look.counter !== null && `${look.counter}, `}
                {t(`selectors.codes.${look.code}`)}
                {look.detail && <span className="quiet"> ({look.detail})</span>}
              </>
            ) : (
              t("selectors.never")
            )}
          </span>
        </dd>
      </dl>
      {expired && (
        <p className="problem" role="alert">
          {t("selectors.expired", { counter: expired.counter, expires: day(expired.expires) })}
        </p>
      )}
      {refused && <p className="quiet">{t("selectors.refused", { counter: refused.counter, why: refused.why })}</p>}
      {/* A press may end what a button is for: one that is disabled then would lose the focus. */}
      <div className="row">
        <button type="button" className="plain-button" aria-disabled={!onLook} onClick={() => onLook?.()}>
          {t("selectors.lookNow")}
        </button>
        <button type="button" className="plain-button" aria-disabled={!mayLeave} onClick={() => mayLeave && onPackaged()}>
          {t("selectors.packaged")}
        </button>
      </div>
      <p className="quiet">{t("selectors.help")}</p>
    </section>
  );
}
