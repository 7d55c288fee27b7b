// The tokenizer equals the reference: ids, UTF-16 offsets and word starts on texts of all Unicode planes; hostile texts stay quick.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createTokenizer } from "../../../extension/inference/wordpiece.ts";
import { stableModelFolder } from "../../../scripts/node-model.ts";

const fixture = join(import.meta.dirname, "../../fixtures/wordpiece.golden.json.gz");
const Case = z.object({
  text: z.string(),
  ids: z.array(z.int()),
  starts: z.array(z.int()),
  ends: z.array(z.int()),
  first: z.array(z.int()),
});
const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const tokenizerFile = join(stableModelFolder(), "tokenizer.json");

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
function small(words: string[], change: Record<string, unknown> = {}): unknown {
  return {
    added_tokens: special.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false })),
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries([...special, ...words].map((token, id) => [token, id])),
    },
    ...change,
  };
}

describe("the shipped tokenizer", () => {
  const cases = z.array(Case).parse(JSON.parse(gunzipSync(readFileSync(fixture)).toString()));
  const tokenizer = createTokenizer(read(tokenizerFile));

  it("gives the reference's ids, offsets and word starts on the whole golden corpus", () => {
    expect(cases.length).toBeGreaterThan(1900);
    const wrong = cases.filter(({ text, ids, starts, ends, first }) => {
      const found = tokenizer.encode(text);
      return (
        JSON.stringify([found.ids, found.starts, found.ends, found.wordStart.map(Number)]) !== JSON.stringify([ids, starts, ends, first])
      );
    });
    expect(wrong.map(({ text }) => text).slice(0, 3)).toEqual([]);
  });
});

describe("createTokenizer", () => {
  const tokenizer = createTokenizer(small(["hell", "##o", "wor", "##ld", "!", "e", "a", "##b"]));

  it("cuts words into the longest pieces and keeps UTF-16 places", () => {
    expect(tokenizer.encode("😀 Hello wörld!")).toEqual({
      ids: [1, 5, 6, 7, 8, 9],
      starts: [0, 3, 7, 9, 12, 14],
      ends: [2, 7, 8, 12, 14, 15],
      wordStart: [true, true, false, true, false, true],
    });
  });

  it("leaves a combining mark behind a token out of its range", () => {
    const { starts, ends } = tokenizer.encode("e\u0301!");
    expect([starts, ends]).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it("makes a word of more than 100 characters, or with an unknown part, one unknown token", () => {
    expect(tokenizer.encode(`a${"b".repeat(99)}`).ids).toHaveLength(100);
    expect(tokenizer.encode(`a${"b".repeat(100)}`)).toEqual({ ids: [1], starts: [0], ends: [101], wordStart: [true] });
    expect(tokenizer.encode("helloz").ids).toEqual([1]);
  });

  it("finds special tokens that are written out, as the reference does", () => {
    expect(tokenizer.encode("a[SEP]a [sep]").ids).toEqual([11, 3, 11, 1, 1, 1]);
  });

  it.each([
    ["BPE", small([], { model: { type: "BPE" } }), "model.type"],
    ["another normalizer", small([], { normalizer: { type: "NFC" } }), "normalizer.type"],
    ["nothing", null, "not a BERT WordPiece tokenizer"],
    ["no [CLS]", small([], { added_tokens: [], model: { ...Object(small([])).model, vocab: { "[UNK]": 0 } } }), "[CLS]"],
  ])("refuses %s with a clear error", (_name, file, message) => {
    expect(() => createTokenizer(file)).toThrow(message);
  });

  it.each([
    ["one word of 100,000 characters", "x".repeat(100_000), 1],
    ["lone surrogates", "\ud800a\udc00 \ud83d", 1],
    ["zero-width and control characters", "\u200b\u0000\u0007\u202e\u2066\ufeff", 0],
    ["nothing", "", 0],
    ["blanks", " \t\r\n\u00a0\u3000", 0],
    ["right to left", "שלום", 1],
  ])("survives %s", (_name, text, tokens) => {
    const { ids, starts, ends } = tokenizer.encode(text);
    expect(ids).toHaveLength(tokens);
    expect(starts.every((start, index) => start < (ends[index] ?? 0) && (ends[index] ?? 0) <= text.length)).toBe(true);
  });

  // Sixteen times the text takes about sixteen times as long; quadratic work would take 256 times.
  it.each([
    ["prose", "Weird mail from the bank. "],
    ["one word", "x"],
    ["marks in the wrong order", "\u302e\u0301"],
    ["special tokens", "[SEP]"],
    ["opening brackets", "["],
    ["long known words", `a${"b".repeat(98)} `],
  ])("takes linear time on %s", (_name, unit) => {
    const time = (length: number) => {
      const text = unit.repeat(Math.ceil(length / unit.length));
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 2; round++) {
        const began = performance.now();
        tokenizer.encode(text);
        best = Math.min(best, performance.now() - began);
      }
      return best;
    };
    time(25_000);
    expect(time(400_000) / Math.max(0.5, time(25_000))).toBeLessThan(64);
  });
});
