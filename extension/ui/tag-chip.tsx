// The combined tag with its confidence in words and number (`phishing_high · very likely 92 %`), or the page's state where there is none.
import type { Suggestion } from "../../shared/contract.ts";
import { severityLabel, threatTypeLabel } from "../../shared/labels.ts";
import type { PageReport } from "../../shared/review.ts";
import { percent } from "../../shared/words.ts";
import { chipWords } from "./tag-words.ts";
import { type T, useTexts } from "./texts.ts";

/** Glyph and colour classes say the same as the words: never colour alone. */
export function TagChip({ suggestion }: { suggestion: Suggestion }) {
  const t = useTexts();
  const type = suggestion.threatType ? threatTypeLabel(suggestion.threatType) : undefined;
  const severity = suggestion.severity ? severityLabel(suggestion.severity) : undefined;
  const tone = suggestion.abstained || !type ? "unsure" : type.id === "benign" ? "benign" : (severity?.id ?? "unsure");
  return <ChipText tone={tone} mark={suggestion.abstained || !type ? "?" : type.mark} text={chipWords(t, suggestion)} />;
}

export function StateChip({ report }: { report: PageReport }) {
  const [mark, text] = stateWords(useTexts(), report);
  return <ChipText tone={report.state === "failed" ? "failed" : "quiet"} mark={mark} text={text} />;
}

function ChipText({ tone, mark, text }: { tone: string; mark: string; text: string }) {
  return (
    <span className={`chip tone-${tone}`}>
      <span className="chip-mark" aria-hidden="true">
        {mark}
      </span>
      <span>{text}</span>
    </span>
  );
}

function stateWords(t: T, report: PageReport): [string, string] {
  switch (report.state) {
    case "loading":
      return ["…", t("chip.loading", { percent: percent(report.progress) })];
    case "unreadable":
      return ["–", t("chip.unreadable")];
    case "failed":
      return ["!", t("chip.failed")];
    default:
      return ["…", t("chip.reading")];
  }
}
