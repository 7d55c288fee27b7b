// The review's state machine under random keys, actions and answers: what must never happen, does not.
import fc from "fast-check";
import { expect, test } from "vitest";
import { spansNow } from "../../../extension/page/review-counting.ts";
import { meaningOf } from "../../../extension/page/review-keys.ts";
import { reviewState } from "../../../extension/page/review-state.ts";
import { decisionFault, reasonIds } from "../../../shared/decisions.ts";
import { entityIds, severityIds, threatTypeIds } from "../../../shared/labels.ts";
import { choiceKeys, type ReviewAction, ReviewMenu, ReviewState } from "../../../shared/review.ts";
import { placeOf, playOn, reading, suggestion, texts } from "./review-lab.ts";

const abstained = { ...reading, suggestion: { ...suggestion, abstained: true } };
const untagged = { ...reading, suggestion: { ...suggestion, threatType: null, severity: null } };
const keys = ["Enter", "Escape", "Delete", "ArrowLeft", "ArrowRight", "ArrowUp", "t", "s", "n", "x", "u", "e", "r", ...choiceKeys];
const actions: fc.Arbitrary<ReviewAction> = fc.oneof(
  fc.record({
    do: fc.constant("key" as const),
    key: fc.constantFrom(...keys),
    alt: fc.boolean(),
    shift: fc.boolean(),
    ctrl: fc.boolean(),
  }),
  { weight: 3, arbitrary: fc.constantFrom(...keys).map((key) => ({ do: "key" as const, key, alt: false, shift: false, ctrl: false })) },
  fc.constantFrom("accept", "reject", "not-security", "undo", "save-spans", "discard-spans", "remove-span").map((name) => ({ do: name })),
  fc.constantFrom(...ReviewMenu.options).map((menu) => ({ do: "menu" as const, menu })),
  fc.constantFrom(...threatTypeIds).map((threatType) => ({ do: "type" as const, threatType })),
  fc.constantFrom(...severityIds).map((severity) => ({ do: "severity" as const, severity })),
  fc.constantFrom(...reasonIds).map((reason) => ({ do: "reason" as const, reason })),
  fc.constantFrom(...entityIds).map((label) => ({ do: "add-span" as const, label })),
  fc.constantFrom(...entityIds).map((label) => ({ do: "label-span" as const, label })),
  fc.nat(5).map((index) => ({ do: "select-span" as const, index })),
  fc.boolean().map((armed) => ({ do: "arm" as const, armed })),
  fc.record({
    do: fc.constant("move-edge" as const),
    edge: fc.constantFrom("start" as const, "end" as const),
    by: fc.constantFrom(-1 as const, 1 as const),
    unit: fc.constantFrom("word" as const, "character" as const),
  }),
);
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(actions, fc.constantFrom(null, "FS-03", "mimikatz ran", "evil.example")) },
  { weight: 2, arbitrary: fc.constantFrom("saved" as const, "failed" as const, "refused" as const) },
  { weight: 1, arbitrary: fc.constantFrom(reading, abstained, untagged) },
);

test("no sequence of keys and actions accepts without a suggestion, makes a faulty decision, saves two at once, or loses edits silently", () => {
  let decisions = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(reading, abstained, untagged),
      fc.array(happening, { minLength: 30, maxLength: 80 }),
      (from, happenings) => {
        const play = playOn([], from);
        for (const what of happenings) {
          const before = play.machine;
          const effects = play.effects.length;
          if (what === "saved" || what === "failed" || what === "refused") {
            if (!before.pending || before.pending.failed) continue;
            if (what === "saved") play.saved();
            else play.failed(what === "refused");
          } else if (!Array.isArray(what)) play.send({ kind: "read", reading: what });
          else {
            const [action, words] = what;
            const selection = words === null ? null : placeOf("description", words);
            const meaning = action.do === "key" ? meaningOf(before, action, () => selection !== null) : action;
            if (!meaning || meaning.do === "leave") continue;
            play.act(meaning, selection);
          }
          const after = play.machine;
          ReviewState.parse(reviewState(after));
          for (const effect of play.effects.slice(effects)) {
            if (effect.do === "arm") continue;
            expect(before.pending === null || before.pending.failed || what === "saved").toBe(true);
            if (effect.do !== "save") continue;
            decisions++;
            const { verdict, final, supersedes, reason } = effect.decided;
            const facts = { verdict, supersedes, reason, suggestion: after.reading.suggestion };
            // Blocks and spans are not looked at by `decisionFault`: the store places them.
            expect(
              decisionFault({ ...facts, final: final && { ...final, spans: [] } } as unknown as Parameters<typeof decisionFault>[0]),
            ).toBeNull();
            if (verdict === "accept") expect(after.reading.suggestion).toMatchObject({ abstained: false, threatType: expect.any(String) });
            for (const { block, start, end, quote } of final?.spans ?? []) expect(texts.get(block)?.slice(start, end)).toBe(quote);
            if (verdict !== "undo" && after.draft) expect(final?.spans).toEqual(spansNow(after));
          }
          const lost = before.draft && (after.draft?.version ?? 0) < before.draft.version;
          const carried = what === "saved" && before.pending?.draft?.version === before.draft?.version;
          const told = after.news.n > before.news.n && after.news.code === "spans-discarded";
          expect(!lost || carried || told).toBe(true);
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(decisions).toBeGreaterThan(1000);
});
