// The review of a ticket: accept or correct the proposed tag, mark words, take back. One component in card, popup and side panel.
import { type RefObject, useEffect, useRef } from "react";
import type { Suggestion } from "../../shared/contract.ts";
import type { Decision } from "../../shared/decisions.ts";
import type { ReviewAction, ReviewMenu, ReviewState } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import { KeyHint } from "./review-keys.tsx";
import { ReasonChips, ReviewMenuBox, tagNow } from "./review-menu.tsx";
import { News, Standing } from "./review-news.tsx";
import { Preview } from "./review-preview.tsx";
import { useTexts } from "./texts.ts";

export interface ReviewProps {
  state: ReviewState;
  suggestion: Suggestion;
  onAction(action: ReviewAction): void;
  /** The decision exactly as it would leave now. Where it is missing, the ticket's page is where to look. */
  onPreview?: (() => Promise<Decision>) | undefined;
  /** Something else waits for the key that agrees. */
  asksElsewhere?: boolean | undefined;
}

/** A press of the mouse must not move the focus, or clear what is selected in the page: the selection may become a marked span. */
export function keepPagePlace(event: React.MouseEvent): void {
  if (event.target instanceof Element && event.target.closest("button")) event.preventDefault();
}

export function Review({ state, suggestion, onAction, onPreview, asksElsewhere }: ReviewProps) {
  const t = useTexts();
  const root = useRef<HTMLElement>(null);
  const focus = useFocusInMenu(root, state.menu);
  return (
    <section className="review" aria-label={t("review.title")} ref={root} onMouseDown={keepPagePlace} {...focus}>
      <div className="review-head">
        <h3>{t("review.title")}</h3>
        <button
          type="button"
          role="switch"
          className="switch"
          aria-checked={state.armed}
          onClick={() => onAction({ do: "arm", armed: !state.armed })}
        >
          <span className="switch-track" aria-hidden="true" />
          {t("review.byKeys")}
        </button>
      </div>
      <Standing state={state} />
      <Actions state={state} suggestion={suggestion} onAction={onAction} asksElsewhere={asksElsewhere} />
      <ReviewMenuBox state={state} suggestion={suggestion} onAction={onAction} />
      {asksWhy(state) && <ReasonChips state={state} onAction={onAction} />}
      <News news={state.news} />
      {onPreview ? <Preview load={onPreview} version={state.news.n} /> : <p className="quiet">{t("preview.hint")}</p>}
    </section>
  );
}

/** The optional "why" after a correction: below all that is worked with, it comes by itself and stops nothing. */
const asksWhy = ({ menu, news, mine }: ReviewState) =>
  menu === "closed" && news.code !== "saving" && (mine?.verdict === "correct" || mine?.verdict === "reject");

function Actions({ state, suggestion, onAction, asksElsewhere }: Omit<ReviewProps, "onPreview">) {
  const t = useTexts();
  const { armed, keys, menu, undoable, mine } = state;
  /** "Not sure" is no proposal: there is nothing to agree with. */
  const tag = suggestion.abstained ? "" : tagText(suggestion);
  const accepted = mine?.verdict === "accept";
  const now = tagNow({ state, suggestion });
  const canUndo = undoable > 0 || state.unsavedSpans;
  const shortcut = (key: string) => (armed ? { "aria-keyshortcuts": key } : {});
  const opener = (name: Exclude<ReviewMenu, "closed" | "severity-of-type">) => {
    const open = menu === name || (menu === "severity-of-type" && name === "type");
    return {
      "aria-expanded": open,
      "data-opens": name,
      onClick: () => onAction({ do: "menu", menu: open ? "closed" : name }),
      ...shortcut(keys[name]),
    };
  };
  return (
    <div className="review-actions">
      {tag && (
        <button
          type="button"
          className={mine ? "accept" : "accept accept-main"}
          aria-disabled={accepted}
          onClick={() => accepted || onAction({ do: "accept" })}
          {...shortcut(keys.accept)}
        >
          <span>{accepted ? t("review.accepted", { tag }) : t("review.accept", { tag })}</span>
          <KeyHint name={keys.accept} armed={armed && !accepted && !asksElsewhere} />
        </button>
      )}
      <button type="button" {...opener("type")}>
        <span>{t("review.type")}</span>
        <KeyHint name={keys.type} armed={armed} />
      </button>
      <button type="button" {...opener("severity")} aria-disabled={!now || now.threatType === "benign"}>
        <span>{t("review.severity")}</span>
        <KeyHint name={keys.severity} armed={armed} />
      </button>
      <button type="button" onClick={() => onAction({ do: "not-security" })} {...shortcut(keys.notSecurity)}>
        <span>{t("review.notSecurity")}</span>
        <KeyHint name={keys.notSecurity} armed={armed} />
      </button>
      <button type="button" onClick={() => onAction({ do: "reject" })} {...shortcut(keys.reject)}>
        <span>{t("review.reject")}</span>
        <KeyHint name={keys.reject} armed={armed} />
      </button>
      <button type="button" {...opener("spans")}>
        <span>{t("review.spans", { n: state.spans.length })}</span>
        <KeyHint name={keys.spans} armed={armed} />
      </button>
      <button type="button" aria-disabled={!canUndo} onClick={() => canUndo && onAction({ do: "undo" })} {...shortcut(keys.undo)}>
        <span>{undoable === 0 ? t("review.undoNothing") : t("review.undo", { count: undoable })}</span>
        <KeyHint name={keys.undo} armed={armed && canUndo} />
      </button>
    </div>
  );
}

/**
 * Who works in the review by keyboard is taken into a menu that opens, and back to its button when it closes.
 * Never takes the focus from elsewhere: in the page, keys work without it.
 */
function useFocusInMenu(root: RefObject<HTMLElement | null>, menu: ReviewMenu) {
  /** True while the focus is inside, also when the focused button was just taken away by a change of the menu. */
  const inside = useRef(false);
  const last = useRef<ReviewMenu>("closed");
  useEffect(() => {
    const before = last.current;
    last.current = menu;
    if (before === menu || !inside.current) return;
    const opener = before === "severity-of-type" ? "type" : before;
    const wanted = menu === "closed" ? `[data-opens="${opener}"]` : ".review-menu button";
    root.current?.querySelector<HTMLElement>(wanted)?.focus();
  }, [menu, root]);
  return {
    onFocus: () => {
      inside.current = true;
    },
    onBlur: () => {
      inside.current = false;
    },
  };
}
