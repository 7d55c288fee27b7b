// Whatever the page sends, the decision that may leave fits the contract and its limits; stored words are found again in the live text.
import fc from "fast-check";
import { v7 } from "uuid";
import { expect, test } from "vitest";
import { createPlacer } from "../../../extension/store/place-spans.ts";
import { byteLength, prepareDecision, viewOf } from "../../../extension/store/prepare-decision.ts";
import { Decision, limits } from "../../../shared/decisions.ts";
import { entityIds } from "../../../shared/labels.ts";
import type { ReviewBlock, ReviewIntent, ReviewSpan } from "../../../shared/review.ts";
import { intent } from "./review-lab.ts";

const closed = { restricted: false, ownDomains: ["corp.example"] };
const noSpans = { threatType: "phishing" as const, severity: "high" as const, spans: [] };
const block = (id: string, text: string, change: Partial<ReviewBlock> = {}): ReviewBlock => ({
  id,
  role: "comment",
  text,
  restricted: false,
  ...change,
});
const spanOf = (home: ReviewBlock, quote: string, source: ReviewSpan["source"] = "human"): ReviewSpan => {
  const start = home.text.indexOf(quote);
  return { block: home.id, start, end: start + quote.length, label: "Malware", quote, source };
};

/** Texts with what hurts: pairs and halves of pairs, marks that join, right-to-left, control characters, things to redact. */
const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "anna@corp.example",
    "+49 30 901820",
    "😀",
    "\ud83d",
    "\udc00",
    "e\u0301",
    "\u200d",
    "שלום",
    "\u0000\u0001",
    "a\r\nb",
    "https://evil.example/a?b=c",
    "[email]",
    " Emotet ",
  ),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const blocksOf = fc
  .array(fc.tuple(text, fc.boolean()), { minLength: 1, maxLength: 60 })
  .map((found) =>
    found.map(
      ([words, restricted], index): ReviewBlock => ({
        id: `b${index}`,
        role: index === 0 ? "title" : index === 1 ? "description" : "comment",
        text: words,
        restricted: index > 1 && restricted,
      }),
    ),
  );
const intents: fc.Arbitrary<ReviewIntent> = blocksOf.chain((blocks) =>
  fc
    .array(
      fc.record({
        block: fc.nat(blocks.length),
        start: fc.nat(80),
        length: fc.integer({ min: 1, max: 20 }),
        right: fc.boolean(),
        label: fc.constantFrom(...entityIds),
      }),
      { maxLength: 12 },
    )
    .map((wanted) =>
      intent({
        id: v7(),
        blocks,
        final: {
          ...noSpans,
          spans: wanted.map(({ block: index, start, length, right, label }) => {
            const quote = blocks[index]?.text.slice(start, start + length) ?? "";
            return { block: `b${index}`, start, end: start + length, label, quote: right && quote ? quote : "wrong", source: "human" };
          }),
        },
      }),
    ),
);

test("any intent becomes a decision of the contract, within its limits, and the same each time", async () => {
  await fc.assert(
    fc.asyncProperty(intents, async (made) => {
      const decision = await prepareDecision(made, closed);
      expect(Decision.safeParse(decision).error?.issues ?? []).toEqual([]);
      expect(decision.omitted.blocks).toBe(made.blocks.length - decision.blocks.length);
      expect(await prepareDecision(made, closed)).toEqual(decision);
    }),
    { numRuns: 150 },
  );
});

test("stored spans are placed on the same words again, widened over what is hidden, also after comments came before and behind", async () => {
  await fc.assert(
    fc.asyncProperty(intents, fc.boolean(), async (made, changed) => {
      const decision = await prepareDecision(made, closed);
      const more = changed
        ? [...made.blocks.slice(0, 2), block("new", "Thanks, looking into it."), ...made.blocks.slice(2), block("last", "Closed.")]
        : made.blocks;
      const placed = createPlacer({ ticket: made.ticket, blocks: more }, closed)(viewOf(decision))?.spans ?? [];
      expect(placed.length).toBe(decision.final?.spans.length);
      for (const span of placed) expect(more.find(({ id }) => id === span.block)?.text.slice(span.start, span.end)).toBe(span.quote);
      if (changed) return;
      const valid = (made.final?.spans ?? []).filter(
        (span) =>
          made.blocks.find(({ id, restricted }) => id === span.block && !restricted)?.text.slice(span.start, span.end) === span.quote,
      );
      for (const { start, end, block: home, label } of placed)
        expect(valid.some((span) => span.block === home && span.label === label && span.start >= start && span.end <= end)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("what is left out is counted: restricted texts, blocks and spans over the limits, cut text", async () => {
  const note = block("note", "internal: Qakbot", { restricted: true });
  const comments = Array.from({ length: 60 }, (_, index) => block(`c${index}`, `comment ${index}`));
  const made = intent({ blocks: [note, ...comments], final: { ...noSpans, spans: [spanOf(note, "Qakbot")] } });
  const decision = await prepareDecision(made, closed);
  expect([decision.blocks.length, decision.omitted]).toEqual([limits.blocks, { blocks: 21, spans: 1, text: false }]);
  expect(JSON.stringify(decision)).not.toContain("Qakbot");
});

test("a long ticket: title, description and comments with a person's marks go first; no half letter, no half placeholder at the cut", async () => {
  const title = block("title", "Ransom note", { role: "title" });
  const description = block("description", "😀".repeat(15_000), { role: "description" });
  const noise = Array.from({ length: 6 }, (_, index) => block(`n${index}`, `noise ${index} `.repeat(800)));
  const marked = block("marked", "We saw LockBit here");
  const decision = await prepareDecision(
    intent({ blocks: [title, ...noise, description, marked], final: { ...noSpans, spans: [spanOf(marked, "LockBit")] } }),
    closed,
  );
  const texts = decision.blocks.map((one) => one.text);
  expect(texts).toContain("Ransom note");
  expect(decision.final?.spans.map(({ quote }) => quote)).toEqual(["LockBit"]);
  expect(decision.omitted.text).toBe(true);
  for (const one of texts) expect(one.isWellFormed()).toBe(true);
  expect(texts.join("").length).toBeLessThanOrEqual(limits.allText);
});

test("text that JSON makes long is cut until the decision fits", async () => {
  const decision = await prepareDecision(
    intent({ blocks: [block("d", "\u0001".repeat(100_000), { role: "description" })], final: noSpans }),
    closed,
  );
  expect(byteLength(decision)).toBeLessThanOrEqual(limits.decisionBytes);
  expect(Decision.safeParse(decision).success).toBe(true);
});

test("tickets of one template have one family, other tickets another", async () => {
  const familyOf = async (title: string) =>
    (await prepareDecision(intent({ blocks: [block("t", title, { role: "title" })], final: noSpans }), closed)).ticket.family;
  const one = await familyOf("EDR alert 4711 on host-17.corp.example for anna@corp.example");
  expect(await familyOf("EDR alert 9 on srv2.corp.example for bert@corp.example")).toBe(one);
  expect(await familyOf("EDR health check failed")).not.toBe(one);
});

test("a title of one endless word takes no time", async () => {
  const began = performance.now();
  await prepareDecision(intent({ blocks: [block("t", "a".repeat(200_000), { role: "title" })], final: noSpans }), closed);
  expect(performance.now() - began).toBeLessThan(3000);
});

test("words that are gone are not placed; words that moved are", async () => {
  const home = block("d", "First Emotet, then more.", { role: "description" });
  const view = viewOf(await prepareDecision(intent({ blocks: [home], final: { ...noSpans, spans: [spanOf(home, "Emotet")] } }), closed));
  const placedIn = (words: string) =>
    createPlacer({ ticket: { system: "jira-cloud", key: "SEC-1" }, blocks: [{ ...home, text: words }] }, closed)(view)?.spans;
  expect(placedIn("Then, first of all: Emotet again")).toMatchObject([{ start: 20, quote: "Emotet" }]);
  expect(placedIn("Nothing of it is left")).toEqual([]);
});
