// Any intent that a page could send, for property tests: nasty texts, right and wrong spans, restricted blocks, all sources and labels.
import fc from "fast-check";
import { v7 } from "uuid";
import { entityIds, indicatorIds } from "../../../shared/labels.ts";
import type { ReviewBlock, ReviewIntent, ReviewSpan } from "../../../shared/review.ts";
import { nastyText } from "./redact-texts.ts";
import { intent } from "./review-lab.ts";

export const noSpans = { threatType: "phishing" as const, severity: "high" as const, spans: [] };

export function block(id: string, text: string, change: Partial<ReviewBlock> = {}): ReviewBlock {
  return { id, role: "comment", text, restricted: false, ...change };
}

/** The first place of the quote, marked by a person unless said. */
export function spanOf(home: ReviewBlock, quote: string, source: ReviewSpan["source"] = "human"): ReviewSpan {
  const start = home.text.indexOf(quote);
  return { block: home.id, start, end: start + quote.length, label: "Malware", quote, source };
}

/** A title, a description and comments; each text is another, but a short quote may stand in two. */
export const anyBlocks = (most: number) =>
  fc.array(fc.tuple(nastyText(8), fc.boolean()), { minLength: 1, maxLength: most }).map((found) =>
    found.map(([text, restricted], index) =>
      block(`b${index}`, `${text}\n#${index}`, {
        role: index === 0 ? "title" : index === 1 ? "description" : "comment",
        restricted: index > 1 && restricted,
      }),
    ),
  );

/** One span in six has a wrong quote, some are in no block, or end behind the text, or split a letter. */
const anySpan = (blocks: readonly ReviewBlock[]): fc.Arbitrary<ReviewSpan> =>
  fc
    .record({
      index: fc.nat(blocks.length),
      start: fc.nat(120),
      length: fc.integer({ min: 1, max: 40 }),
      label: fc.constantFrom(...entityIds, ...indicatorIds),
      source: fc.constantFrom("human" as const, "model" as const, "rule" as const),
      wrong: fc.nat(5),
    })
    .map(({ index, start, length, label, source, wrong }) => ({
      block: `b${index}`,
      start,
      end: start + length,
      label,
      source,
      quote: (wrong === 0 ? "" : (blocks[index]?.text.slice(start, start + length) ?? "")) || "wrong",
    }));

export const anyIntent = (mostBlocks = 60): fc.Arbitrary<ReviewIntent> =>
  anyBlocks(mostBlocks).chain((blocks) =>
    fc.array(anySpan(blocks), { maxLength: 25 }).map((spans) => intent({ id: v7(), blocks, final: { ...noSpans, spans } })),
  );

/** The spans that can travel at all: their words stand there, whole letters, in blocks that may leave. */
export function validSpans({ blocks, final }: ReviewIntent): ReviewSpan[] {
  return (final?.spans ?? []).filter(({ block: id, start, end, quote }) => {
    const home = blocks.find((one) => one.id === id && !one.restricted);
    if (home?.text.slice(start, end) !== quote || end > home.text.length) return false;
    return [start, end].every(
      (at) => home.text.slice(0, at).toWellFormed() + home.text.slice(at).toWellFormed() === home.text.toWellFormed(),
    );
  });
}
