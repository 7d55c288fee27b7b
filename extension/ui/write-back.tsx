// The card's offer to write the decision to the ticket: what would change, its confirmation, what happened, and the way back.
import { type RefObject, useEffect, useRef } from "react";
import type { Change, LeftValue, Plan, WriteBackAction, WriteBackState } from "../../shared/write-back.ts";
import { keepPagePlace } from "./review.tsx";
import { KeyHint } from "./review-keys.tsx";
import { timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

interface Props {
  state: WriteBackState;
  /** Keys work. */
  armed: boolean;
  keyName: string;
  onAction(action: WriteBackAction): void;
}

export function WriteBack({ state, armed, keyName, onAction }: Props) {
  const t = useTexts();
  const { phase, tag, plan, copy, last, news } = state;
  const box = useRef<HTMLElement>(null);
  useInSight(box, state);
  return (
    <section className="write-back" aria-label={t("writeBack.title")} ref={box} onMouseDown={keepPagePlace}>
      <h3>{t("writeBack.title")}</h3>
      {last && (
        <div className="write-back-last">
          <span>
            {t("writeBack.last", { tag: last.tag })} <span className="quiet">{timeWords(t, last.at)}</span>
          </span>
          {last.revertible && phase === "offer" && (
            <button type="button" className="plain-button" onClick={() => onAction("revert")}>
              {t("writeBack.revert")}
            </button>
          )}
        </div>
      )}
      {phase === "offer" && tag && (
        <button
          type="button"
          className="plain-button"
          onClick={() => onAction("open")}
          {...(armed ? { "aria-keyshortcuts": keyName } : {})}
        >
          {t("writeBack.offer", { tag })} <KeyHint name={keyName} armed={armed} />
        </button>
      )}
      {/* Always there: a live region that comes together with its words is not heard. */}
      <div role="status">
        {phase === "reading" && <p className="quiet">{t("writeBack.reading")}</p>}
        {phase === "writing" && <p className="quiet">{t("writeBack.writing")}</p>}
        {news.code !== "none" && (phase === "offer" || phase === "diff") && (
          <p key={news.n} className={news.code === "written" || news.code === "reverted" ? "news news-saved" : "news"}>
            {t(`writeBack.news.${news.code}`)}
          </p>
        )}
        {phase === "diff" && plan && <Diff plan={plan} />}
      </div>
      {phase === "diff" && copy !== null && <ToCopy text={copy} />}
      {phase === "diff" && (
        <div className="review-actions">
          {plan?.change && (
            <button type="button" className="accept accept-main" onClick={() => onAction("confirm")}>
              <span>{t("writeBack.confirm")}</span>
              <KeyHint name="Enter" armed={armed} />
            </button>
          )}
          <button type="button" onClick={() => onAction("close")}>
            <span>{t("writeBack.cancel")}</span>
            <KeyHint name="Escape" armed={armed} />
          </button>
        </div>
      )}
    </section>
  );
}

/** What a key would confirm is scrolled into sight, within the card alone: the page keeps its place. */
function useInSight(box: RefObject<HTMLElement | null>, { phase, plan }: WriteBackState) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another plan is another height.
  useEffect(() => {
    const body = box.current?.closest(".card-body");
    if (phase !== "diff" || !box.current || !body) return;
    const below = box.current.getBoundingClientRect().bottom - body.getBoundingClientRect().bottom;
    if (below > 0) body.scrollTop += below;
  }, [box, phase, plan]);
}

function Diff({ plan: { change, left } }: { plan: Plan }) {
  const t = useTexts();
  return (
    <>
      {change && <p className="subhead">{t("writeBack.diff")}</p>}
      {change && <ChangeRows change={change} />}
      {left.map((value) => (
        <p key={value.value} className="quiet">
          {leftWords(t, value)}
        </p>
      ))}
    </>
  );
}

function ChangeRows({ change }: { change: Change }) {
  const t = useTexts();
  if (change.kind === "note") {
    return (
      <>
        <p className="subhead">{t("writeBack.note")}</p>
        <ul className="diff">
          <Line kind="added" value={change.text} />
        </ul>
        <p className="quiet">{t("writeBack.noteStays")}</p>
      </>
    );
  }
  const [before, after] =
    change.kind === "labels" ? [change.remove, change.add] : [[change.before || t("writeBack.empty")], [change.after]];
  return (
    <>
      <p className="subhead">{change.kind === "labels" ? t("writeBack.labels") : t("writeBack.field", { name: change.name })}</p>
      <ul className="diff">
        {before.map((value) => (
          <Line key={value} kind="removed" value={value} />
        ))}
        {after.map((value) => (
          <Line key={value} kind="added" value={value} />
        ))}
      </ul>
    </>
  );
}

/** One line of the diff: its sign is read as a word. */
function Line({ kind, value }: { kind: "added" | "removed"; value: string }) {
  const t = useTexts();
  return (
    <li className={`diff-${kind}`}>
      <span aria-hidden="true" dir="auto">
        {kind === "added" ? "+" : "−"} {value}
      </span>
      <span className="visually-hidden">{t(`writeBack.${kind}`, { value })}</span>
    </li>
  );
}

function leftWords(t: ReturnType<typeof useTexts>, { kind, name, value }: LeftValue): string {
  return kind === "label" ? t("writeBack.leftLabel", { value }) : t("writeBack.leftField", { name, value });
}

function ToCopy({ text }: { text: string }) {
  const t = useTexts();
  const field = useRef<HTMLInputElement>(null);
  /** Where the browser does not let us, the text is marked, and Ctrl+C takes it. */
  const mark = () => {
    field.current?.focus();
    field.current?.select();
  };
  return (
    <>
      <p className="quiet">{t("writeBack.copyHelp")}</p>
      <div className="row">
        <input
          ref={field}
          type="text"
          readOnly
          value={text}
          aria-label={t("writeBack.copyText")}
          onFocus={(event) => event.target.select()}
        />
        <button type="button" className="plain-button" onClick={() => void navigator.clipboard.writeText(text).catch(mark)}>
          {t("writeBack.copy")}
        </button>
      </div>
    </>
  );
}
