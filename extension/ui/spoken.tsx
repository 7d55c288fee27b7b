// What a screen reader hears of a surface, politely: state, tag with its likelihood, place among the marked words, and each piece of news.
import type { PageReport } from "../../shared/review.ts";
import { spokenNews } from "./review-words.ts";
import { chipWords, spanName } from "./tag-words.ts";
import { type T, useTexts } from "./texts.ts";

/** Stays drawn while the surface lives: a live region that comes together with its words is not heard. */
export function Spoken({ report }: { report: PageReport | null }) {
  const t = useTexts();
  const review = report?.state === "tagged" ? report.review : null;
  return (
    <div className="visually-hidden" role="status" aria-live="polite" aria-atomic="false">
      <p>{report ? stateWords(t, report) : ""}</p>
      <p>{review ? placeWords(t, review) : ""}</p>
      {/* A new element for each piece of news: the same words twice are said twice. */}
      <p key={review?.news.n ?? 0}>{review ? spokenNews(t, review.news) : ""}</p>
    </div>
  );
}

function stateWords(t: T, report: PageReport): string {
  if (report.state === "tagged") return t("spoken.report", { text: chipWords(t, report.suggestion) });
  return report.state === "failed" || report.state === "unreadable" ? t("spoken.report", { text: report.reason }) : "";
}

function placeWords(t: T, { menu, selected, spans }: NonNullable<Extract<PageReport, { state: "tagged" }>["review"]>): string {
  const span = menu === "spans" && selected !== null ? spans[selected] : undefined;
  if (!span || selected === null) return "";
  return t("spoken.span", { at: selected + 1, of: spans.length, label: spanName(t, span.label), quote: span.quote.slice(0, 120) });
}
