// Where a review stands: the person's decision and its way to the server, a lead's ruling, and what just happened.
import type { ReviewState } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import { newsWords, syncWords, verdictMarks, verdictWords } from "./review-words.ts";
import { timeWords } from "./tag-words.ts";
import { useTexts } from "./texts.ts";

export function Standing({ state: { mine, ruling, news } }: { state: ReviewState }) {
  const t = useTexts();
  return (
    <>
      {/* Until the commit nothing here may say "saved": the old decision gives way to "saving". */}
      {news.code === "saving" ? (
        <p className="standing quiet">{t("news.saving")}</p>
      ) : mine ? (
        <p className={`standing standing-${mine.sync}`}>
          <span className="standing-mark" aria-hidden="true">
            {verdictMarks[mine.verdict]}
          </span>
          <strong>{verdictWords(t, mine.verdict, mine.tag)}</strong>
          <span className="quiet">
            {mine.reason && `${t(`reason.${mine.reason}`)} · `}
            {syncWords(t, mine.sync)} · {timeWords(t, mine.at)}
          </span>
        </p>
      ) : (
        <p className="standing quiet">{t("review.open")}</p>
      )}
      {ruling && (
        <p className="standing ruling">
          <span className="standing-mark" aria-hidden="true">
            ◆
          </span>
          <strong>{t("review.ruling", { tag: tagText(ruling.tag) || t("review.noTag"), name: ruling.name })}</strong>
          <span className="quiet">{timeWords(t, ruling.at)}</span>
        </p>
      )}
    </>
  );
}

/** The last thing that happened. Screen readers hear it from the surface's own live region, see spoken.tsx. */
export function News({ news }: { news: ReviewState["news"] }) {
  const t = useTexts();
  const text = news.code === "saving" ? "" : newsWords(t, news);
  return text ? (
    <p key={news.n} className={`news news-${news.code}`}>
      {text}
    </p>
  ) : null;
}
