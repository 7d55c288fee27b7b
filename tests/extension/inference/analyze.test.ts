// The pipeline: passages, cache, limits, fallback to rules, cancelling, and spans that never lie about their place.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AnalyzeDeps, analyze, windowLimits } from "../../../extension/inference/analyze.ts";
import { mergeSpans } from "../../../extension/inference/merge-spans.ts";
import { ModelError } from "../../../extension/inference/model-store.ts";
import { layeredCache, memoryCache, type PassageCache } from "../../../extension/inference/passage-cache.ts";
import { clampBlocks } from "../../../extension/inference/passages.ts";
import { type Block, MAX_BLOCK_LENGTH, type Span, Suggestion } from "../../../shared/contract.ts";
import { quoteMatches } from "../../../shared/span.ts";
import { fakeModel } from "./fake-model.ts";

const ticket = { system: "jira-cloud" as const, key: "SEC-1" };
const block = (role: Block["role"], text: string, id: string = role): Block => ({ id, role, text });
function run(blocks: Block[], deps: Partial<AnalyzeDeps> = {}) {
  return analyze({ ticket, blocks }, { model: fakeModel(), cache: memoryCache(), now: () => 0, ...deps });
}
const quotes = (suggestion: Suggestion) => suggestion.blocks.map(({ spans }) => spans.map(({ label, quote }) => `${label} ${quote}`));

describe("analyze", () => {
  it("tags a ticket and finds words in title, description and comments, each in its own block", async () => {
    const suggestion = await run([
      block("comment", "server fine", "c1"),
      block("description", "phish from evil[.]example, mimikatz"),
      block("title", "host server"),
    ]);
    expect(Suggestion.parse(suggestion)).toEqual(suggestion);
    expect(suggestion).toMatchObject({
      threatType: "phishing",
      severity: "high",
      abstained: false,
      backend: "wasm",
      modelVersion: "fake",
      problem: null,
    });
    expect(suggestion.blocks.map(({ id }) => id)).toEqual(["c1", "description", "title"]);
    expect(quotes(suggestion)).toEqual([["System server"], ["domain evil[.]example", "Tool mimikatz"], ["System host server"]]);
  });

  it("lets no span cross from title to description", async () => {
    const suggestion = await run([block("title", "host"), block("description", "host server")]);
    expect(quotes(suggestion)).toEqual([["System host"], ["System host server"]]);
  });

  it("asks the model only for passages that changed", async () => {
    const cache = memoryCache();
    const model = fakeModel();
    const blocks = [block("title", "phish"), block("comment", "host", "c1")];
    expect((await run(blocks, { cache, model })).modelCalls).toBe(2);
    const again = await run(blocks, { cache, model });
    expect(again.modelCalls).toBe(0);
    const more = await run([...blocks, block("comment", "server", "c2")], { cache, model });
    expect(more.modelCalls).toBe(1);
    expect(quotes(more)).toEqual([[], ["System host"], ["System server"]]);
    expect((await run(blocks, { cache, model: fakeModel({ fingerprint: "other" }) })).modelCalls).toBe(2);
  });

  it("gives the same answer from the cache as without it", async () => {
    const cache = memoryCache();
    const blocks = [block("title", "phish mail"), block("description", "mimikatz on host server. ".repeat(20))];
    const { modelCalls: calls, ...fresh } = await run(blocks, { cache });
    const { modelCalls: none, ...cached } = await run(blocks, { cache });
    expect(cached).toEqual(fresh);
    expect([calls > 3, none]).toEqual([true, 0]);
  });

  it("hashes roles and texts", async () => {
    const hash = async (...blocks: Block[]) => (await run(blocks)).contentHash;
    const one = await hash(block("title", "a"));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(await hash(block("title", "a", "other id"))).toBe(one);
    expect(await hash(block("comment", "a"))).not.toBe(one);
    expect(await hash(block("title", "b"))).not.toBe(one);
  });

  it("reads at most 32 windows of a passage, says so, and the rules still read all", async () => {
    const model = fakeModel();
    const suggestion = await run([block("description", `${"a ".repeat(2000)}203.0.113.9`)], { model });
    expect(model.windows).toHaveLength(windowLimits.passage);
    expect(suggestion.truncated).toBe(true);
    expect(quotes(suggestion)).toEqual([["ipv4 203.0.113.9"]]);
  });

  it("reads at most 96 windows of a ticket, whatever the cache knows", async () => {
    const cache = memoryCache();
    const long = Array.from({ length: 5 }, (_, index) => block("comment", `${index} ${"a ".repeat(2000)}`, `c${index}`));
    const first = await run(long, { cache });
    expect([first.modelCalls, first.truncated]).toEqual([windowLimits.ticket, true]);
    const warm = memoryCache();
    for (const comment of long) await run([comment], { cache: warm });
    const second = await run(long, { cache: warm });
    expect(second.modelCalls).toBe(0);
    expect(second.probabilities).toEqual(first.probabilities);
  });

  it("answers by rules when there is no model, and says why", async () => {
    const problem = { code: "altered" as const, message: "The model was changed." };
    const suggestion = await run([block("title", "phish at evil[.]example")], { model: problem });
    expect(suggestion).toMatchObject({
      backend: "rules",
      threatType: null,
      severity: null,
      abstained: true,
      confidence: 0,
      modelVersion: null,
      problem,
    });
    expect(quotes(suggestion)).toEqual([["domain evil[.]example"]]);
  });

  it.each([
    [new Error("device lost"), { code: "failed", message: "The model stopped with an error: device lost" }],
    [new ModelError("invalid", "Not a model."), { code: "invalid", message: "Not a model." }],
  ])("answers by rules when the model fails on the ticket: %s", async (error, problem) => {
    const model = fakeModel({ runWindow: () => Promise.reject(error) });
    expect(await run([block("title", "CVE-2021-44228")], { model })).toMatchObject({ backend: "rules", threatType: null, problem });
  });

  it("stops between two windows when it is cancelled", async () => {
    const controller = new AbortController();
    const model = fakeModel();
    const { runWindow } = model;
    const stopping = {
      ...model,
      runWindow(ids: readonly number[]) {
        controller.abort();
        return runWindow(ids);
      },
    };
    const running = run([block("title", "a ".repeat(100))], { model: stopping, signal: controller.signal });
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(model.windows).toHaveLength(1);
  });

  it("reports progress that rises to 1", async () => {
    const seen: number[] = [];
    await run([block("title", "a ".repeat(60)), block("comment", "b ".repeat(60))], { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(4);
  });

  it.each([
    ["no blocks", []],
    ["an empty block", [block("title", "")]],
    ["blanks", [block("title", " \n\t"), block("comment", "\u00a0\u3000")]],
  ])("has nothing to say about %s", async (_name, blocks) => {
    const suggestion = await run(blocks);
    expect(suggestion).toMatchObject({ threatType: null, abstained: true, modelCalls: 0, problem: null });
    expect(Suggestion.parse(suggestion)).toEqual(suggestion);
  });

  it.each([
    ["zero-width and control characters only", "\u200b\u0000\u0007"],
    ["lone surrogates", "\ud800 host \udfff"],
    ["right to left", "שלום host مرحبا"],
    ["one word of 100,000 characters", "x".repeat(100_000)],
    ["as much as a block may hold", "host ".repeat(MAX_BLOCK_LENGTH / 5)],
    ["bytes of a binary file", String.fromCharCode(...Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256))],
  ])("answers on %s", async (_name, text) => {
    const suggestion = await run([block("description", text)]);
    expect(Suggestion.parse(suggestion)).toEqual(suggestion);
    expect(suggestion.threatType).toBe("benign");
    for (const span of suggestion.blocks[0]?.spans ?? []) expect(quoteMatches(text, span)).toBe(true);
  });

  it("only ever returns exact, sorted slices that nest or lie apart, but never cross", async () => {
    const piece = fc.constantFrom(
      "host",
      "server ",
      " ",
      "\n",
      "mimikatz ",
      "mail ",
      "evil[.]example",
      "203.0.113.7 ",
      "😀",
      "\ud83d",
      "e\u0301",
      "http://",
      "/",
      "漢字",
    );
    const text = fc.array(piece, { maxLength: 25 }).map((parts) => parts.join(""));
    const blocks = fc.array(
      fc.record({ id: fc.constant("b"), role: fc.constantFrom("title" as const, "description" as const, "comment" as const), text }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(blocks, async (made) => {
        const suggestion = await run(made);
        for (const [index, { spans }] of suggestion.blocks.entries()) {
          for (const [at, span] of spans.entries()) {
            expect(quoteMatches(made[index]?.text ?? "", span)).toBe(true);
            const before = spans.slice(0, at);
            expect(before.every((other) => other.start <= span.start && (other.end <= span.start || other.end >= span.end))).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("mergeSpans", () => {
  const span = (source: Span["source"], label: Span["label"], start: number, end: number): Span => ({
    source,
    label,
    start,
    end,
    quote: "x",
    score: 1,
  });
  const rule = span("rule", "domain", 10, 20);
  it.each<[string, Span, string[]]>([
    ["the same thing by the model goes, however long", span("model", "Indicator", 5, 25), ["domain"]],
    ["a model span inside goes", span("model", "Tool", 12, 15), ["domain"]],
    ["one of the same place goes", span("model", "System", 10, 20), ["domain"]],
    ["one that only overlaps goes", span("model", "AttackPattern", 5, 15), ["domain"]],
    ["a phrase around it stays around it", span("model", "AttackPattern", 5, 25), ["AttackPattern", "domain"]],
    ["one beside it stays too", span("model", "Tool", 20, 25), ["domain", "Tool"]],
  ])("%s", (_name, model, labels) => {
    expect(mergeSpans([rule], [model]).map(({ label }) => label)).toEqual(labels);
  });
});

describe("layeredCache", () => {
  const value = { needed: 1, windows: [], spans: [] };
  it("goes on in memory when the lasting store fails, and says so once", async () => {
    const reasons: string[] = [];
    const broken: PassageCache = { get: () => Promise.reject(new Error("quota")), put: () => Promise.reject(new Error("quota")) };
    const cache = layeredCache(memoryCache(), broken, (reason) => reasons.push(reason));
    expect(await cache.get("a")).toBeUndefined();
    await cache.put("a", value);
    expect(await cache.get("a")).toEqual(value);
    expect(reasons).toEqual(["quota"]);
  });

  it("brings what another worker stored, and skips rows of another shape", async () => {
    const lasting: PassageCache = { get: async (key) => (key === "old" ? JSON.parse('{"shape":1}') : value), put: async () => undefined };
    const cache = layeredCache(memoryCache(), lasting, () => undefined);
    expect([await cache.get("a"), await cache.get("old")]).toEqual([value, undefined]);
  });

  it("forgets what was not used for longest", async () => {
    const cache = memoryCache(2);
    await cache.put("a", value);
    await cache.put("b", value);
    await cache.get("a");
    await cache.put("c", value);
    expect([await cache.get("a"), await cache.get("b"), await cache.get("c")]).toEqual([value, undefined, value]);
  });
});

describe("clampBlocks", () => {
  it("cuts long blocks without splitting a pair, and drops blocks beyond the most", () => {
    const long = block("title", `${"a".repeat(MAX_BLOCK_LENGTH - 1)}😀 tail`);
    const { blocks, truncated } = clampBlocks([long, ...Array.from({ length: 600 }, (_, index) => block("comment", "x", String(index)))]);
    expect([truncated, blocks.length, blocks[0]?.text.length]).toEqual([true, 500, MAX_BLOCK_LENGTH - 1]);
    expect(clampBlocks([block("title", "short")])).toEqual({ blocks: [block("title", "short")], truncated: false });
  });
});
