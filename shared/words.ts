// A suggestion in words, the same in page, popup, badge, command line and screen reader.
import type { Suggestion } from "./contract.ts";
import { combinedTag } from "./labels.ts";

type Answer = Pick<Suggestion, "threatType" | "severity" | "confidence" | "abstained" | "problem">;

/** Confidence as one of four words, so that nobody has to read meaning into digits. */
export function likelihoodId(confidence: number): "very_likely" | "likely" | "possible" | "uncertain" {
  if (confidence >= 0.9) return "very_likely";
  if (confidence >= 0.7) return "likely";
  if (confidence >= 0.5) return "possible";
  return "uncertain";
}

export function likelihood(confidence: number): string {
  return likelihoodId(confidence).replace("_", " ");
}

export function percent(probability: number): string {
  return `${Math.round(probability * 100)} %`;
}

/** `phishing_high`; plain `benign` for ordinary tickets, whose severity says nothing. */
export function tagText({ threatType, severity }: Pick<Answer, "threatType" | "severity">): string {
  if (!threatType || !severity) return "";
  return threatType === "benign" ? "benign" : combinedTag(threatType, severity);
}

/** The text of the chip: `phishing_high · very likely 92 %`, or "not sure". */
export function chipText(answer: Answer): string {
  if (!answer.threatType || !answer.severity) return answer.problem ? "rules only · no model" : "no tag";
  if (answer.abstained) return `not sure · maybe ${tagText(answer)}`;
  return `${tagText(answer)} · ${likelihood(answer.confidence)} ${percent(answer.confidence)}`;
}
