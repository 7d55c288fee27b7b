// The combined tag with its confidence in words and number: `phishing_high · very likely 92 %`, or "not sure".
import type { Suggestion } from "../../shared/contract.ts";
import { combinedTag, likelihood, severityLabel, threatTypeLabel } from "../../shared/labels.ts";

/** The text of the chip, the same in page, popup, command line and screen reader. */
export function chipText(suggestion: Suggestion): string {
  const { threatType, severity, confidence, abstained, problem } = suggestion;
  if (!threatType || !severity) return problem ? "rules only · no model" : "no tag";
  if (abstained) return `not sure · maybe ${tagText(suggestion)}`;
  return `${tagText(suggestion)} · ${likelihood(confidence)} ${percent(confidence)}`;
}

/** `phishing_high`; plain `benign` for ordinary tickets, whose severity says nothing. */
export function tagText({ threatType, severity }: Suggestion): string {
  if (!threatType || !severity) return "";
  return threatType === "benign" ? "benign" : combinedTag(threatType, severity);
}

export function percent(probability: number): string {
  return `${Math.round(probability * 100)} %`;
}

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
