// The interface's texts in the browser's language, for all who draw: content script, popup, side panel, options, badge.
import { createI18n } from "@wxt-dev/i18n";
import type { DecideAnswer } from "../shared/review.ts";
import type { T } from "./ui/texts.ts";

const { t } = createI18n();

export const texts: T = (key, ...[values]) => {
  const named: Record<string, string | number> = values ?? {};
  return typeof named.n === "number" ? t(key, named.n, named) : t(key, named);
};

/** A refusal of the store in the browser's language, where the locales have it. */
export function inWords(answer: DecideAnswer): DecideAnswer {
  if (answer.ok || answer.code === "broken" || answer.code === "invalid") return answer;
  return { ...answer, message: texts(`failure.${answer.code}`) };
}
