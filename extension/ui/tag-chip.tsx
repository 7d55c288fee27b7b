// The combined tag with its confidence in words and number: `phishing_high · very likely 92 %`, or "not sure".
import type { Suggestion } from "../../shared/contract.ts";
import { severityLabel, threatTypeLabel } from "../../shared/labels.ts";
import { chipText } from "../../shared/words.ts";

/** Glyph and colour classes say the same as the words: never colour alone. */
export function TagChip({ suggestion }: { suggestion: Suggestion }) {
  const type = suggestion.threatType ? threatTypeLabel(suggestion.threatType) : undefined;
  const severity = suggestion.severity ? severityLabel(suggestion.severity) : undefined;
  const tone = suggestion.abstained || !type ? "unsure" : type.id === "benign" ? "benign" : (severity?.id ?? "unsure");
  return (
    <span className={`chip tone-${tone}`}>
      <span className="chip-mark" aria-hidden="true">
        {suggestion.abstained || !type ? "?" : type.mark}
      </span>
      <span>{chipText(suggestion)}</span>
    </span>
  );
}
