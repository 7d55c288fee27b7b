// One list of spans from what the rules and the model found in the same block: every rule span, and what the model adds to them.
import type { EntityLabel, Span } from "../../shared/contract.ts";

/** What the model means by these is what the rules find, and the rules know its borders exactly. */
const sameThing: ReadonlySet<EntityLabel | Span["label"]> = new Set(["Indicator", "Vulnerability"]);

/**
 * Rule spans always stay. A model span stays unless it touches a rule span, with one exception: a phrase of another kind that holds
 * whole rule spans ("beaconing to 203.0.113.7 every minute") stays around them. So spans may nest, one level deep, and never cross.
 * @param rules spans without overlaps. @param model spans without overlaps. Both of the same text, in any order.
 * @returns sorted by place, the outer one of a nest first.
 */
export function mergeSpans(rules: readonly Span[], model: readonly Span[]): Span[] {
  const byPlace = (a: Span, b: Span) => a.start - b.start || b.end - a.end;
  const ruled = [...rules].sort(byPlace);
  const kept: Span[] = [];
  let from = 0;
  for (const span of [...model].sort(byPlace)) {
    while (from < ruled.length && (ruled[from]?.end ?? 0) <= span.start) from++;
    let touches = false;
    let holdsAll = true;
    for (let at = from; at < ruled.length; at++) {
      const rule = ruled[at];
      if (!rule || rule.start >= span.end) break;
      touches = true;
      holdsAll &&= span.start <= rule.start && rule.end <= span.end && rule.end - rule.start < span.end - span.start;
    }
    if (!touches || (holdsAll && !sameThing.has(span.label))) kept.push(span);
  }
  return [...kept, ...ruled].sort(byPlace);
}
