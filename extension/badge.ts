// The toolbar badge: a page's state in two characters, with the whole sentence as the button's title.
import type { Severity } from "../shared/contract.ts";
import type { PageReport } from "../shared/review.ts";
import { percent } from "../shared/words.ts";
import { texts } from "./texts.ts";
import { syncWords, verdictWords } from "./ui/review-words.ts";
import { chipWords } from "./ui/tag-words.ts";
import type { T } from "./ui/texts.ts";

export interface Badge {
  /** Undefined: the tab has nothing of its own to say, and shows what stands on all of them ("" would hide it). */
  text: string | undefined;
  color: string;
  title: string;
}

const severityColors: Record<Severity, string> = {
  low: "#5d8a17",
  medium: "#8a6500",
  high: "#c2520f",
  critical: "#b3261e",
};
const severityTexts: Record<Severity, string> = { low: "LOW", medium: "MED", high: "HIGH", critical: "CRIT" };
const grey = "#5b6675";
const red = "#b3261e";

/** @param t the interface's texts. */
export function badgeOf(report: PageReport, t: T = texts): Badge {
  switch (report.state) {
    case "left":
      return { text: undefined, color: grey, title: t("badge.left") };
    case "reading":
      return { text: "…", color: grey, title: t("badge.reading") };
    case "loading":
      return { text: "…", color: grey, title: t("badge.loading", { percent: percent(report.progress) }) };
    case "unreadable":
      return { text: "–", color: grey, title: t("badge.unreadable", { reason: report.reason }) };
    case "failed":
      return { text: "!", color: red, title: t("badge.report", { text: report.reason }) };
    case "tagged":
      return badgeOfTag(report, t);
  }
}

/** A person's tag goes before the proposed one: the badge says what counts. */
function badgeOfTag({ suggestion, review, unread, cardRemoved }: Extract<PageReport, { state: "tagged" }>, t: T): Badge {
  const proposed = t("badge.report", { text: chipWords(t, suggestion) });
  const mine = review?.mine;
  const judged = mine
    ? t("badge.reviewed", { title: proposed, review: `${verdictWords(t, mine.verdict, mine.tag)} · ${syncWords(t, mine.sync)}` })
    : proposed;
  const limits = [...(unread ? [t("report.unread", { n: unread })] : []), ...(cardRemoved ? [t("report.cardRemoved")] : [])];
  const title = [judged, ...limits].join(". ");
  if (mine?.tag.threatType && mine.tag.severity) return { ...markOf(mine.tag.threatType, mine.tag.severity), title };
  if (suggestion.problem) return { text: "!", color: red, title: `${title}. ${suggestion.problem.message}` };
  if (suggestion.abstained || !suggestion.threatType || !suggestion.severity) return { text: "?", color: grey, title };
  return { ...markOf(suggestion.threatType, suggestion.severity), title };
}

function markOf(threatType: string, severity: Severity): Pick<Badge, "text" | "color"> {
  if (threatType === "benign") return { text: "ok", color: grey };
  return { text: severityTexts[severity], color: severityColors[severity] };
}
