// Compares our tokenizer with the reference's answers (JSON lines on stdin, from make_wordpiece_golden.py --stream); prints counts.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { createTokenizer } from "../../../extension/inference/wordpiece.ts";

const Answer = z.object({
  text: z.string(),
  ids: z.array(z.int()),
  starts: z.array(z.int()),
  ends: z.array(z.int()),
  first: z.array(z.int()),
});
const path = process.argv[2];
if (path === undefined) {
  console.error("Name the tokenizer.json that the reference used: compare-wordpiece.ts TOKENIZER_JSON < answers.jsonl");
  process.exit(2);
}
const tokenizer = createTokenizer(JSON.parse(readFileSync(path, "utf8")));
const counts = { texts: 0, characters: 0, tokens: 0, ids: 0, offsets: 0, words: 0 };
for await (const line of createInterface({ input: process.stdin })) {
  const expected = Answer.parse(JSON.parse(line));
  const found = tokenizer.encode(expected.text);
  counts.texts++;
  counts.characters += expected.text.length;
  counts.tokens += expected.ids.length;
  const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((value, index) => value === b[index]);
  const wrongIds = !same(found.ids, expected.ids);
  const wrongOffsets = !same(found.starts, expected.starts) || !same(found.ends, expected.ends);
  const wrongWords = !same(found.wordStart.map(Number), expected.first);
  counts.ids += Number(wrongIds);
  counts.offsets += Number(wrongOffsets);
  counts.words += Number(wrongWords);
  if ((wrongIds || wrongOffsets || wrongWords) && counts.ids + counts.offsets + counts.words <= 20) {
    // Code points, not the text: real texts must not land in logs.
    console.error(
      "differs:",
      wrongIds ? "ids" : wrongOffsets ? "offsets" : "words",
      Array.from(expected.text.slice(0, 60), (c) => c.codePointAt(0)?.toString(16)).join(" "),
    );
  }
}
const ok = counts.texts > 0 && counts.ids + counts.offsets + counts.words === 0;
console.log(
  JSON.stringify({
    compared: counts.texts,
    characters: counts.characters,
    tokens: counts.tokens,
    differ: { ids: counts.ids, offsets: counts.offsets, words: counts.words },
    ok,
  }),
);
process.exitCode = ok ? 0 : 1;
