// Decisions, their way to the server, and what just happened, in words.
import type { Verdict } from "../../shared/decisions.ts";
import type { ReviewState, SyncState } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import type { T, TextKey } from "./texts.ts";

type Tag = Parameters<typeof tagText>[0];

export function verdictWords(t: T, verdict: Verdict, tag: Tag | null): string {
  const text = tag ? tagText(tag) : "";
  switch (verdict) {
    case "accept":
      return t("verdict.accept", { tag: text });
    case "correct":
      return t("verdict.correct", { tag: text });
    case "reject":
      return t("verdict.reject");
    case "add":
      return text ? t("verdict.tagged", { tag: text }) : t("verdict.add");
    case "undo":
      return text ? t("verdict.undoTo", { tag: text }) : t("verdict.undo");
  }
}

/** A mark beside the words, so that a list can be skimmed; never instead of them. */
export const verdictMarks: Readonly<Record<Verdict, string>> = { accept: "✓", correct: "→", reject: "✕", add: "+", undo: "↶" };

export const syncWords = (t: T, sync: SyncState): string => t(`sync.state.${sync}`);

const newsKeys = {
  saving: "news.saving",
  saved: "news.saved",
  undone: "news.undone",
  "nothing-to-undo": "news.nothingToUndo",
  "no-selection": "news.noSelection",
  "spans-discarded": "news.spansDiscarded",
  armed: "news.armed",
  disarmed: "news.disarmed",
} as const satisfies Partial<Record<ReviewState["news"]["code"], TextKey>>;

/** What just happened, as the toast says it; "" when there is nothing to say. */
export function newsWords(t: T, { code, detail }: ReviewState["news"]): string {
  if (code === "none") return "";
  if (code === "failed") return t("news.failed", { reason: detail });
  const what = t(newsKeys[code]);
  return detail ? t("news.withDetail", { what, detail }) : what;
}

/** What a screen reader says of it: that saving has begun is no news, that it is done is. */
export const spokenNews = (t: T, news: ReviewState["news"]): string => (news.code === "saving" ? "" : newsWords(t, news));
