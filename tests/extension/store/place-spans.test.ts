// Stored spans stand on the same words again, in the same ticket and in one that went on; words that are gone are not placed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPlacer } from "../../../extension/store/place-spans.ts";
import { prepareDecision, viewOf } from "../../../extension/store/prepare-decision.ts";
import { redact } from "../../../extension/store/redact.ts";
import { limits } from "../../../shared/decisions.ts";
import type { ReviewBlock, ReviewIntent, ReviewSpan } from "../../../shared/review.ts";
import { quoteMatches } from "../../../shared/span.ts";
import { anyIntent, block, noSpans, spanOf, validSpans } from "./any-intent.ts";
import { policy as closed } from "./redact-texts.ts";
import { intent } from "./review-lab.ts";

const place = async (made: ReviewIntent, blocks: readonly ReviewBlock[], policy = closed) =>
  createPlacer({ ticket: made.ticket, blocks: [...blocks] }, policy)(viewOf(await prepareDecision(made, policy)));

const sorted = (spans: readonly ReviewSpan[], blocks: readonly ReviewBlock[]) => {
  const index = ({ block: id }: ReviewSpan) => blocks.findIndex((one) => one.id === id);
  const key = (span: ReviewSpan) =>
    [index(span), span.start, span.end, span.label, span.source].map((part) => String(part).padStart(6)).join();
  return [...spans].sort((a, b) => (key(a) < key(b) ? -1 : 1));
};

/** What the page's span is when it comes back: over all that is hidden of what it touches, with the words of now. */
function widened(span: ReviewSpan, blocks: readonly ReviewBlock[]): ReviewSpan {
  const text = blocks.find(({ id }) => id === span.block)?.text ?? "";
  let { start, end } = span;
  for (const { original } of redact(text, closed).pieces) {
    if (original.start >= span.end || span.start >= original.end) continue;
    start = Math.min(start, original.start);
    end = Math.max(end, original.end);
  }
  return { ...span, start, end, quote: text.slice(start, end) };
}

/** Whether two texts of one role have all marked words of a decision's text in the same places: stored is no text, so either may be meant. */
async function inDoubt(made: ReviewIntent, blocks: readonly ReviewBlock[]): Promise<boolean> {
  const { blocks: stored, final } = viewOf(await prepareDecision(made, closed));
  const texts = blocks.filter(({ restricted }) => !restricted).map(({ role, text }) => ({ role, text: redact(text, closed).text }));
  return [...Map.groupBy(final?.spans ?? [], ({ block: index }) => index)].some(([index, spans]) => {
    const alike = texts.filter(({ role, text }) => role === stored[index]?.role && spans.every((span) => quoteMatches(text, span)));
    return alike.length > 1;
  });
}

describe("the placer", () => {
  it("gives back exactly the valid spans, also after comments came before, between and behind", async () => {
    const added = fc.array(fc.tuple(fc.nat(60), fc.constantFrom("Thanks, looking into it.", "Closed.", "", "😀 [email]")), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(anyIntent(limits.blocks), added, async (made, comments) => {
        const blocks = [...made.blocks];
        comments.forEach(([at, text], index) => {
          blocks.splice(2 + at, 0, block(`new${index}`, text));
        });
        fc.pre(!(await inDoubt(made, blocks)));
        const placed = await place(made, blocks);
        const expected = validSpans(made).map((span) => widened(span, blocks));
        expect(sorted(placed?.spans ?? [], blocks)).toEqual(sorted(expected, blocks));
        expect([placed?.threatType, placed?.severity]).toEqual(["phishing", "high"]);
      }),
      { numRuns: 150 },
    );
  });

  it("never gives a quote that does not stand there, whatever became of the ticket", async () => {
    await fc.assert(
      fc.asyncProperty(anyIntent(12), anyIntent(12), async (made, other) => {
        for (const span of (await place(made, other.blocks))?.spans ?? [])
          expect(other.blocks.find(({ id }) => id === span.block)?.text.slice(span.start, span.end)).toBe(span.quote);
      }),
      { numRuns: 100 },
    );
  });

  const home = block("d", "First Emotet from anna@corp.example, then more.", { role: "description" });
  const made = intent({
    blocks: [home],
    final: { ...noSpans, spans: [spanOf(home, "Emotet"), spanOf(home, "anna@corp.example", "rule")] },
  });
  const quotes = async (text: string) => (await place(made, [{ ...home, text }]))?.spans.map(({ start, quote }) => `${start} ${quote}`);

  it("finds words that moved at their nearest occurrence, and leaves out those that are gone", async () => {
    expect(await quotes(home.text)).toEqual(["6 Emotet", "18 anna@corp.example"]);
    expect(await quotes("First Emotet from bert@corp.example, then more.")).toEqual(["6 Emotet", "18 bert@corp.example"]);
    expect(await quotes("Emotet. Then, first of all: Emotet again")).toEqual(["0 Emotet"]);
    expect(await quotes("It was Emotet, says bert@corp.example")).toEqual(["7 Emotet"]);
    expect(await quotes("Nothing of it is left")).toEqual([]);
  });

  it("takes a stored text for the one in which most of its words stand, not for the one that has its number now", async () => {
    const first = block("1", "the host beacons: LockBit, Qakbot");
    const second = block("2", "the host again: LockBit");
    const spans = ["host", "LockBit", "Qakbot"].map((quote) => spanOf(first, quote));
    const decided = intent({ blocks: [first, second], final: { ...noSpans, spans } });
    const edited = block("1", "Update: the host beacons: LockBit, Qakbot");
    expect((await place(decided, [second, edited]))?.spans.map(({ block: id, quote }) => `${id} ${quote}`)).toEqual([
      "1 host",
      "1 LockBit",
      "1 Qakbot",
    ]);
  });

  it("finds its way when restricted texts may leave now and might not before", async () => {
    const note = block("n", "internal note", { restricted: true });
    const comment = block("c", "it is Emotet");
    const decided = intent({ blocks: [note, comment], final: { ...noSpans, spans: [spanOf(comment, "Emotet")] } });
    const view = viewOf(await prepareDecision(decided, closed));
    const placed = createPlacer(decided, { ...closed, restricted: true })(view);
    expect(placed?.spans).toMatchObject([{ block: "c", start: 6, quote: "Emotet" }]);
  });

  it("has nothing to place when nothing was decided", async () => {
    expect(await place(intent({ verdict: "undo", final: null }), intent().blocks)).toBeNull();
  });
});
