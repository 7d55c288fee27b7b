// The review's menus: threat type, severity, reason. Each entry is a chip with its key.
import type { Severity, Suggestion, ThreatType } from "../../shared/contract.ts";
import { reasonIds } from "../../shared/decisions.ts";
import { severityIds, severityLabel, threatTypeIds, threatTypeLabel } from "../../shared/labels.ts";
import { choiceKeys, type ReviewAction, type ReviewState } from "../../shared/review.ts";
import { percent } from "../../shared/words.ts";
import { Chip } from "./review-chip.tsx";
import { KeyHint } from "./review-keys.tsx";
import { ReviewSpans } from "./review-spans.tsx";
import { severityDescription, severityName, threatTypeDescription, threatTypeName } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

interface Props {
  state: ReviewState;
  suggestion: Suggestion;
  onAction(action: ReviewAction): void;
}

/** The open menu; nothing while none is open. */
export function ReviewMenuBox({ state, suggestion, onAction }: Props) {
  const t = useTexts();
  if (state.menu === "closed") return null;
  const titles = {
    type: t("review.menu.type"),
    severity: t("review.menu.severity"),
    "severity-of-type": state.pendingType
      ? t("review.menu.severityOfType", { type: threatTypeName(t, state.pendingType) })
      : t("review.menu.severity"),
    spans: t("review.menu.spans"),
    reason: t("review.menu.reason"),
  };
  return (
    <fieldset className="review-menu">
      <legend>
        {titles[state.menu]}
        <span className="quiet">
          {" "}
          · <kbd>Esc</kbd> {t("review.menu.closes")}
        </span>
      </legend>
      {state.menu === "type" && <TypeChips state={state} suggestion={suggestion} onAction={onAction} />}
      {(state.menu === "severity" || state.menu === "severity-of-type") && (
        <SeverityChips state={state} suggestion={suggestion} onAction={onAction} />
      )}
      {state.menu === "spans" && <ReviewSpans state={state} onAction={onAction} />}
      {state.menu === "reason" && <ReasonChips state={state} onAction={onAction} />}
    </fieldset>
  );
}

/** What counts now: the person's tag, else the proposed one; null when there is neither. */
export function tagNow({ state, suggestion }: Pick<Props, "state" | "suggestion">) {
  if (state.mine?.tag.threatType) return state.mine.tag;
  return suggestion.abstained || !suggestion.threatType ? null : suggestion;
}

function TypeChips({ state, suggestion, onAction }: Props) {
  const t = useTexts();
  const now = tagNow({ state, suggestion })?.threatType;
  return (
    <div className="choices choices-grid">
      {threatTypeIds.map((id: ThreatType, index) => {
        const probability = suggestion.probabilities?.[id];
        return (
          <Chip
            key={id}
            hotkey={choiceKeys[index]}
            armed={state.armed}
            mark={threatTypeLabel(id)?.mark}
            text={threatTypeName(t, id)}
            title={threatTypeDescription(t, id)}
            note={probability !== undefined && probability >= 0.015 ? percent(probability) : undefined}
            chosen={id === now}
            onPress={() => onAction({ do: "type", threatType: id })}
          />
        );
      })}
    </div>
  );
}

function SeverityChips({ state, suggestion, onAction }: Props) {
  const t = useTexts();
  const ofType = state.menu === "severity-of-type";
  const proposed = suggestion.severity;
  const now = tagNow({ state, suggestion })?.severity;
  return (
    <div className="choices choices-grid">
      {ofType && proposed && (
        <button type="button" className="keep" onClick={() => onAction({ do: "severity", severity: proposed })}>
          <span>{t("review.keepSeverity", { severity: severityName(t, proposed) })}</span>
          <KeyHint name="Enter" armed={state.armed} />
        </button>
      )}
      {severityIds.map((id: Severity, index) => (
        <Chip
          key={id}
          hotkey={choiceKeys[index]}
          armed={state.armed}
          mark={severityLabel(id)?.mark}
          text={severityName(t, id)}
          title={severityDescription(t, id)}
          chosen={!ofType && id === now}
          onPress={() => onAction({ do: "severity", severity: id })}
        />
      ))}
    </div>
  );
}

/** Why, if somebody cares to say. Keys choose only while the menu is open. */
export function ReasonChips({ state, onAction }: Omit<Props, "suggestion">) {
  const t = useTexts();
  const armed = state.armed && state.menu === "reason";
  return (
    <div className="choices choices-reasons">
      {state.menu !== "reason" && (
        <span className="quiet">
          {t("review.why")} <KeyHint name={state.keys.reason} armed={state.armed} />
        </span>
      )}
      {reasonIds.map((id, index) => (
        <Chip
          key={id}
          hotkey={armed ? choiceKeys[index] : undefined}
          armed={armed}
          text={t(`reason.${id}`)}
          chosen={state.mine?.reason === id}
          onPress={() => onAction({ do: "reason", reason: id })}
        />
      ))}
    </div>
  );
}
