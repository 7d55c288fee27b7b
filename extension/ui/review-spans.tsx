// The marked words of a ticket: go through them, move their edges, give them another label, add and remove.
import { useEffect, useRef } from "react";
import { entityIds } from "../../shared/labels.ts";
import { choiceKeys, type ReviewAction, type ReviewState } from "../../shared/review.ts";
import { labelStyle, shorten } from "./findings.tsx";
import { Chip } from "./review-chip.tsx";
import { KeyHint } from "./review-keys.tsx";
import { entityDescription, spanName } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

interface Props {
  state: ReviewState;
  onAction(action: ReviewAction): void;
}

/** Rows that are drawn at a time: a ticket may have two thousand spans. */
const rowsShown = 30;

export function ReviewSpans({ state, onAction }: Props) {
  const t = useTexts();
  const { spans, selected, unsavedSpans, armed } = state;
  const span = selected === null ? undefined : spans[selected];
  return (
    <>
      <p className="quiet">
        {span ? t("spans.position", { at: (selected ?? 0) + 1, of: spans.length }) : t("spans.count", { n: spans.length })}
      </p>
      <SpanList state={state} onAction={onAction} />
      {span && (
        <>
          <div className="edges">
            <Edge edge="start" armed={armed} onAction={onAction} />
            <Edge edge="end" armed={armed} onAction={onAction} />
            <button type="button" onClick={() => onAction({ do: "remove-span" })}>
              <span>{t("spans.remove")}</span>
              <KeyHint name="Delete" armed={armed} />
            </button>
          </div>
          <LabelChips
            title={t("spans.labelOfSelected")}
            armed={armed}
            current={span.label}
            onLabel={(label) => onAction({ do: "label-span", label })}
          />
        </>
      )}
      <details className="add-span" open={!span}>
        <summary>{t("spans.add")}</summary>
        <LabelChips
          title={t("spans.addHow")}
          armed={armed && !span}
          current={null}
          onLabel={(label) => onAction({ do: "add-span", label })}
        />
      </details>
      <div className="edges save-bar">
        <button
          type="button"
          className={unsavedSpans ? "accept-main" : ""}
          aria-disabled={!unsavedSpans}
          onClick={() => unsavedSpans && onAction({ do: "save-spans" })}
        >
          <span>{t("spans.save")}</span>
          <KeyHint name="Enter" armed={armed && unsavedSpans} />
        </button>
        <button type="button" aria-disabled={!unsavedSpans} onClick={() => unsavedSpans && onAction({ do: "discard-spans" })}>
          {t("spans.discard")}
        </button>
        {unsavedSpans && <span className="quiet">{t("spans.unsaved")}</span>}
      </div>
    </>
  );
}

function SpanList({ state: { spans, selected }, onAction }: Props) {
  const t = useTexts();
  const list = useRef<HTMLOListElement>(null);
  // The chosen one stays in sight while keys walk through them.
  useEffect(() => {
    if (selected !== null) list.current?.querySelector('[aria-pressed="true"]')?.scrollIntoView?.({ block: "nearest" });
  }, [selected]);
  const first = Math.max(0, Math.min((selected ?? 0) - rowsShown / 2, spans.length - rowsShown));
  const rows = spans.slice(first, first + rowsShown);
  const after = spans.length - first - rows.length;
  return (
    <ol className="span-list" start={first + 1} ref={list}>
      {first > 0 && (
        <li className="more">
          <button type="button" onClick={() => onAction({ do: "select-span", index: first - 1 })}>
            {t("spans.before", { n: first })}
          </button>
        </li>
      )}
      {rows.map((span, row) => (
        <li key={`${span.block} ${span.start} ${span.end} ${span.label}`}>
          <button
            type="button"
            className="span-row"
            aria-pressed={first + row === selected}
            onClick={() => onAction({ do: "select-span", index: first + row })}
          >
            <span className="finding-label" style={labelStyle(span.label)}>
              {spanName(t, span.label)}
            </span>
            <span className="span-quote" dir="auto">
              {shorten(span.quote)}
            </span>
            <span className="quiet">{t(`spans.source.${span.source}`)}</span>
          </button>
        </li>
      ))}
      {after > 0 && (
        <li className="more">
          <button type="button" onClick={() => onAction({ do: "select-span", index: first + rows.length })}>
            {t("spans.after", { n: after })}
          </button>
        </li>
      )}
    </ol>
  );
}

/** Two buttons that move one edge by a word, with Ctrl by a letter; the same with Alt and arrows. */
function Edge({ edge, armed, onAction }: { edge: "start" | "end"; armed: boolean; onAction(action: ReviewAction): void }) {
  const t = useTexts();
  const move = (by: -1 | 1) => (event: React.MouseEvent) =>
    onAction({ do: "move-edge", edge, by, unit: event.ctrlKey || event.metaKey ? "character" : "word" });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot stand in the line.
    <span className="edge" role="group" aria-label={t(`spans.${edge}`)} title={t("spans.ctrlForLetter")}>
      <button type="button" onClick={move(-1)} aria-label={t(`spans.${edge}Back`)}>
        ←
      </button>
      <span aria-hidden="true">
        {t(`spans.${edge}`)} {armed && <kbd>{edge === "start" ? "Alt ⇧" : "Alt"}</kbd>}
      </span>
      <button type="button" onClick={move(1)} aria-label={t(`spans.${edge}On`)}>
        →
      </button>
    </span>
  );
}

interface LabelChipsProps {
  title: string;
  armed: boolean;
  current: string | null;
  onLabel(label: (typeof entityIds)[number]): void;
}

function LabelChips({ title, armed, current, onLabel }: LabelChipsProps) {
  const t = useTexts();
  return (
    // biome-ignore lint/a11y/useSemanticElements: the menu around is the fieldset; this is a group in it.
    <div className="choices" role="group" aria-label={title}>
      <span className="quiet">{title}</span>
      {entityIds.map((id, index) => (
        <Chip
          key={id}
          hotkey={choiceKeys[index]}
          armed={armed}
          text={spanName(t, id)}
          title={entityDescription(t, id)}
          chosen={id === current}
          onPress={() => onLabel(id)}
        />
      ))}
    </div>
  );
}
