// Ratio benchmark of the inference pipeline in one run: what the cache saves, and what tokeniser and rules cost beside the model.
import { analyze } from "../../extension/inference/analyze.ts";
import { findIndicators } from "../../extension/inference/indicators.ts";
import { memoryCache } from "../../extension/inference/passage-cache.ts";
import type { Block } from "../../shared/contract.ts";
import { openModelFolder, stableModelFolder } from "../node-model.ts";

const ROUNDS = 15;
/** Promises that this run must keep. */
const floors = { cachedTimes: 5, newCommentTimes: 2, tokenizerAndRulesShare: 0.2 };

const line = (hour: number) =>
  `${hour}:05 the proxy showed PC-${hour}12 asking for update-${hour}.example (203.0.113.${hour}) every ${hour + 30} seconds; ` +
  `at ${hour}:20 we isolated it.\n`;
const description = Array.from({ length: 20 }, (_, index) => line(index + 3)).join("");
const comment = (index: number): Block => ({ id: `c${index}`, role: "comment", text: `Update ${index}: ${line(index)}` });
const ticket = { system: "jira-cloud" as const, key: "BENCH-1" };
const blocks: Block[] = [
  { id: "title", role: "title", text: "Beaconing from several workstations" },
  { id: "description", role: "description", text: description },
  ...Array.from({ length: 4 }, (_, index) => comment(index)),
];
const text = blocks.map((block) => block.text).join("\n");

const { model } = await openModelFolder(stableModelFolder());
const options = { model, now: () => performance.now() };
const warm = memoryCache();
const { modelCalls } = await analyze({ ticket, blocks }, { ...options, cache: warm });

/** Every way once a round, so that other load on the machine meets all of them; the quickest round counts. */
const ways: Record<string, (round: number) => Promise<unknown>> = {
  uncached: () => analyze({ ticket, blocks }, { ...options, cache: memoryCache() }),
  cached: () => analyze({ ticket, blocks }, { ...options, cache: warm }),
  newComment: (round) => analyze({ ticket, blocks: [...blocks, comment(100 + round)] }, { ...options, cache: warm }),
  tokenizer: async () => model.tokenizer.encode(text),
  rules: async () => findIndicators(text),
};
const best: Record<string, number> = Object.fromEntries(Object.keys(ways).map((name) => [name, Number.POSITIVE_INFINITY]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(ways)) {
    const began = performance.now();
    await run(round);
    best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, performance.now() - began);
  }
}
const { uncached = 0, cached = 1, newComment = 1, tokenizer = 0, rules = 0 } = best;
const ratios = {
  cachedTimes: uncached / cached,
  newCommentTimes: uncached / newComment,
  tokenizerAndRulesShare: (tokenizer + rules) / uncached,
};
const ok =
  ratios.cachedTimes >= floors.cachedTimes &&
  ratios.newCommentTimes >= floors.newCommentTimes &&
  ratios.tokenizerAndRulesShare <= floors.tokenizerAndRulesShare;
for (const [name, ms] of Object.entries(best)) console.log(`${name.padEnd(12)} ${ms.toFixed(2)} ms`);
const figure = (value: number) => Number(value.toFixed(3));
console.log(
  JSON.stringify({
    bench: "inference",
    model: model.modelVersion,
    characters: text.length,
    modelCalls,
    ms: Object.fromEntries(Object.entries(best).map(([name, ms]) => [name, figure(ms)])),
    ratios: Object.fromEntries(Object.entries(ratios).map(([name, value]) => [name, figure(value)])),
    floors,
    ok,
  }),
);
process.exitCode = ok ? 0 : 1;
