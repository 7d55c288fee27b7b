// One list of spans without overlaps from what the rules and the model found in the same block.
import type { EntityLabel, Span } from "../../shared/contract.ts";

/** What the model means by these is what the rules find, and the rules know its borders exactly. */
const sameThing: ReadonlySet<EntityLabel | Span["label"]> = new Set(["Indicator", "Vulnerability"]);

/**
 * A model span stays unless it touches a rule span, with one exception: a phrase of another kind that holds a whole rule span
 * ("beaconing to 203.0.113.7 every minute") stays, and the rule span in it goes, since spans never lie in each other.
 * @param rules spans without overlaps. @param model spans without overlaps. Both of the same text, in any order.
 * @returns sorted by place.
 */
export function mergeSpans(rules: readonly Span[], model: readonly Span[]): Span[] {
  const byStart = (a: Span, b: Span) => a.start - b.start;
  const ruled = [...rules].sort(byStart);
  const kept: Span[] = [];
  const swallowed = new Set<Span>();
  let from = 0;
  for (const span of [...model].sort(byStart)) {
    while (from < ruled.length && (ruled[from]?.end ?? 0) <= span.start) from++;
    const touched: Span[] = [];
    for (let at = from; at < ruled.length; at++) {
      const rule = ruled[at];
      if (!rule || rule.start >= span.end) break;
      touched.push(rule);
    }
    const holdsAll = touched.every(
      (rule) => span.start <= rule.start && rule.end <= span.end && rule.end - rule.start < span.end - span.start,
    );
    if (touched.length > 0 && (!holdsAll || sameThing.has(span.label))) continue;
    kept.push(span);
    for (const rule of touched) swallowed.add(rule);
  }
  return [...kept, ...ruled.filter((span) => !swallowed.has(span))].sort(byStart);
}
