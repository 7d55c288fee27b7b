// BERT's tokenizer as the reference (`tokenizers`) has it, with UTF-16 offsets; reads a `tokenizer.json`.
import { z } from "zod";
import { classes, type NormalizerOptions, normalize, PUNCTUATION, WHITE } from "./wordpiece-normalize.ts";
import { createTrie } from "./wordpiece-trie.ts";

const AddedToken = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string().min(1),
  single_word: z.literal(false),
  lstrip: z.literal(false),
  rstrip: z.literal(false),
  normalized: z.literal(false),
});
const TokenizerFile = z.looseObject({
  added_tokens: z.array(AddedToken),
  normalizer: z.looseObject({
    type: z.literal("BertNormalizer"),
    clean_text: z.boolean(),
    handle_chinese_chars: z.boolean(),
    strip_accents: z.boolean().nullable(),
    lowercase: z.boolean(),
  }),
  pre_tokenizer: z.looseObject({ type: z.literal("BertPreTokenizer") }),
  model: z.looseObject({
    type: z.literal("WordPiece"),
    unk_token: z.string(),
    continuing_subword_prefix: z.string().min(1),
    max_input_chars_per_word: z.int().positive(),
    vocab: z.record(z.string(), z.int().nonnegative()),
  }),
});

/** Tokens of one text, without [CLS] and [SEP]; all arrays have one entry a token. */
export interface Encoding {
  ids: number[];
  /** Half-open UTF-16 range in the text. Marks and other deleted characters behind a token do not belong to it. */
  starts: number[];
  ends: number[];
  /** True at the first sub-word of each word that the pre-tokenizer makes. */
  wordStart: boolean[];
}

export interface Tokenizer {
  encode(text: string): Encoding;
  readonly cls: number;
  readonly sep: number;
  readonly pad: number;
  readonly unk: number;
  /** The network's vocabulary must reach at least this far. */
  readonly largestId: number;
}

/**
 * Makes the tokenizer that a `tokenizer.json` describes. Time is linear in the text, whatever the text.
 * @param tokenizerJson the parsed file.
 * @throws Error naming the part that is missing or of another kind than BERT's WordPiece.
 */
export function createTokenizer(tokenizerJson: unknown): Tokenizer {
  const parsed = TokenizerFile.safeParse(tokenizerJson);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`tokenizer.json is not a BERT WordPiece tokenizer: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unreadable"}`);
  }
  const { added_tokens, normalizer, model } = parsed.data;
  const options: NormalizerOptions = {
    cleanText: normalizer.clean_text,
    handleChineseChars: normalizer.handle_chinese_chars,
    stripAccents: normalizer.strip_accents ?? normalizer.lowercase,
    lowercase: normalizer.lowercase,
  };
  const vocab = new Map(Object.entries(model.vocab));
  const added = new Map(added_tokens.map(({ content, id }) => [content, id]));
  const idOf = (token: string): number => {
    const id = added.get(token) ?? vocab.get(token);
    if (id === undefined) throw new Error(`tokenizer.json has no ${token} token`);
    return id;
  };
  const unk = idOf(model.unk_token);
  const trie = createTrie(vocab, model.continuing_subword_prefix);
  const longest = model.max_input_chars_per_word;
  // Special tokens written out in the text are found before anything else, the longest first, as the reference does.
  const special = [...added.keys()].sort((a, b) => b.length - a.length).map(escapeForRegExp);
  const specials = special.length > 0 ? new RegExp(special.join("|"), "g") : null;

  function encodePlain(text: string, from: number, to: number, out: Encoding): void {
    // The word being read: at most `longest` characters are kept, since a longer word is unknown as a whole.
    const word = new Int32Array(longest);
    const starts = new Int32Array(longest);
    const ends = new Int32Array(longest);
    let length = 0;
    let wordFrom = 0;
    let wordTo = 0;
    const push = (id: number, start: number, end: number, first: boolean) => {
      out.ids.push(id);
      out.starts.push(start);
      out.ends.push(end);
      out.wordStart.push(first);
    };
    const finish = () => {
      if (length === 0) return;
      const before = out.ids.length;
      let at = 0;
      while (length <= longest && at < length) {
        trie.longestMatch(at === 0 ? "first" : "later", word, at, length);
        if (trie.matchedLength === 0) break;
        push(trie.matchedId, starts[at] ?? 0, ends[at + trie.matchedLength - 1] ?? 0, at === 0);
        at += trie.matchedLength;
      }
      if (at < length) {
        for (const column of [out.ids, out.starts, out.ends, out.wordStart]) column.length = before;
        push(unk, wordFrom, wordTo, true);
      }
      length = 0;
    };
    normalize(text, from, to, options, (codePoint, start, end) => {
      const bits = classes[codePoint] ?? 0;
      if (bits & (WHITE | PUNCTUATION)) finish();
      if (bits & WHITE) return;
      if (length === 0) wordFrom = start;
      wordTo = end;
      if (length < longest) {
        word[length] = codePoint;
        starts[length] = start;
        ends[length] = end;
      }
      length++;
      if (bits & PUNCTUATION) finish();
    });
    finish();
  }

  return {
    cls: idOf("[CLS]"),
    sep: idOf("[SEP]"),
    pad: idOf("[PAD]"),
    unk,
    largestId: [...vocab.values(), ...added.values()].reduce((largest, id) => Math.max(largest, id), 0),
    encode(text) {
      const out: Encoding = { ids: [], starts: [], ends: [], wordStart: [] };
      let from = 0;
      for (const match of specials ? text.matchAll(specials) : []) {
        encodePlain(text, from, match.index, out);
        from = match.index + match[0].length;
        out.ids.push(idOf(match[0]));
        out.starts.push(match.index);
        out.ends.push(from);
        out.wordStart.push(true);
      }
      encodePlain(text, from, text.length, out);
      return out;
    },
  };
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
