// Tags, labels, likelihoods and times in the words of the interface's language.
import type { EntityLabel, IndicatorKind, Severity, SpanLabel, Suggestion, ThreatType } from "../../shared/contract.ts";
import { entityIds } from "../../shared/labels.ts";
import { likelihoodId, percent, tagText } from "../../shared/words.ts";
import type { T } from "./texts.ts";

export const threatTypeName = (t: T, id: ThreatType): string => t(`label.threatType.${id}.name`);
export const threatTypeDescription = (t: T, id: ThreatType): string => t(`label.threatType.${id}.description`);
export const severityName = (t: T, id: Severity): string => t(`label.severity.${id}.name`);
export const severityDescription = (t: T, id: Severity): string => t(`label.severity.${id}.description`);
export const entityDescription = (t: T, id: EntityLabel): string => t(`label.entity.${id}.description`);
export const likelihoodWord = (t: T, confidence: number): string => t(`likelihood.${likelihoodId(confidence)}`);

const isEntity = (label: SpanLabel): label is EntityLabel => entityIds.some((id) => id === label);

export function spanName(t: T, label: SpanLabel): string {
  if (isEntity(label)) return t(`label.entity.${label}.name`);
  const kind: IndicatorKind = label;
  return t(`label.indicator.${kind}`);
}

/** The chip's text: `phishing_high · very likely 92 %`, or "not sure". `chipText` of shared/words.ts says the same in English. */
export function chipWords(t: T, answer: Pick<Suggestion, "threatType" | "severity" | "confidence" | "abstained" | "problem">): string {
  const tag = tagText(answer);
  if (!tag) return answer.problem ? t("chip.rulesOnly") : t("chip.noTag");
  if (answer.abstained) return t("chip.notSure", { tag });
  return t("chip.tag", { tag, likelihood: likelihoodWord(t, answer.confidence), percent: percent(answer.confidence) });
}

/** The interface's language as it is written where the person lives: `en-GB` when the browser prefers that. */
const localeOf = (t: T): string => navigator.languages.find((one) => one.startsWith(t("locale"))) ?? t("locale");

export const numberWords = (t: T, number: number): string => number.toLocaleString(localeOf(t));

/** @param at milliseconds since 1970, or ISO 8601. */
export function timeWords(t: T, at: number | string): string {
  return new Date(at).toLocaleString(localeOf(t), { dateStyle: "medium", timeStyle: "short" });
}
