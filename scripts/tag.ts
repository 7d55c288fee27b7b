// npm run tag -- FILE... : tags text files (or standard input) with the shipped model and the extension's own code.
import { readFile, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { analyze } from "../extension/inference/analyze.ts";
import { memoryCache } from "../extension/inference/passage-cache.ts";
import { clampBlocks } from "../extension/inference/passages.ts";
import type { Block, Suggestion } from "../shared/contract.ts";
import { combinedTag, spanStyle } from "../shared/labels.ts";
import { chipText, percent } from "../shared/words.ts";
import { openModelFolder, stableModelFolder } from "./node-model.ts";

const MAX_BYTES = 10_000_000;
const usage = `Usage: npm run tag -- [--json] [--model DIR] [FILE...]
Tags each text file (standard input without FILE). The first line that is not empty is the title.
  --json       one line of JSON a file
  --model DIR  another model directory than the stable one`;

/** Why a file is not tagged, in words for its owner. */
class Refusal extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, model: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return console.log(usage);
  const { model } = await openModelFolder(values.model === undefined ? stableModelFolder() : resolve(values.model));
  const cache = memoryCache(0);
  for (const file of positionals.length > 0 ? positionals : ["-"]) {
    const name = file === "-" ? "standard input" : file;
    try {
      const { blocks, truncated: textCut } = clampBlocks(blocksOf(await textOf(file)));
      const ticket = { system: "jira-cloud" as const, key: basename(name).slice(0, 100) };
      const suggestion = await analyze({ ticket, blocks }, { model, cache, now: () => performance.now(), textCut });
      if (suggestion.problem) throw new Refusal(suggestion.problem.message);
      console.log(values.json ? JSON.stringify({ file: name, tag: tagOf(suggestion), ...suggestion }) : describe(name, suggestion));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      process.exitCode = 1;
      if (values.json) console.log(JSON.stringify({ file: name, error: error.message }));
      else console.error(`${name}: ${error.message}`);
    }
  }
}

async function textOf(file: string): Promise<string> {
  const bytes = file === "-" ? await readStandardInput() : await readSized(file);
  if (bytes.length > MAX_BYTES) throw tooLarge();
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal("This is not UTF-8 text (a binary file, or another encoding). Save it as plain text in UTF-8 and try again.");
  }
  // Plain text has no NUL; nearly every binary file and UTF-16 text has.
  if (text.includes("\0")) throw new Refusal("This looks like a binary file or UTF-16 text. Save it as plain text in UTF-8 and try again.");
  if (!/\S/.test(text)) throw new Refusal("There is no text to tag.");
  return text;
}

async function readSized(file: string): Promise<Buffer> {
  const found = await stat(file).catch(() => null);
  if (!found) throw new Refusal("There is no such file.");
  if (!found.isFile()) throw new Refusal("This is not a file. Name the text files in it.");
  if (found.size > MAX_BYTES) throw tooLarge();
  return readFile(file).catch((error: Error) => {
    throw new Refusal(`It cannot be read: ${error.message}`);
  });
}

async function readStandardInput(): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    const bytes = Buffer.from(part);
    parts.push(bytes);
    size += bytes.length;
    if (size > MAX_BYTES) break;
  }
  return Buffer.concat(parts);
}

function tooLarge(): Refusal {
  return new Refusal(`It is larger than ${MAX_BYTES / 1e6} MB, which no ticket is. Cut it and try again.`);
}

function blocksOf(text: string): Block[] {
  const title = /\S[^\r\n]*/.exec(text);
  const end = title ? title.index + title[0].length : 0;
  const rest = text.slice(end).replace(/^\r?\n/, "");
  const blocks: Block[] = [{ id: "title", role: "title", text: title?.[0] ?? "" }];
  if (rest !== "") blocks.push({ id: "description", role: "description", text: rest });
  return blocks;
}

function tagOf({ threatType, severity, abstained }: Suggestion): string | null {
  return abstained || !threatType || !severity ? null : combinedTag(threatType, severity);
}

function describe(name: string, suggestion: Suggestion): string {
  const { tookMs, truncated, blocks } = suggestion;
  const spans = blocks
    .flatMap((block) => block.spans)
    .map(({ label, quote, refanged, score, source }) => {
      const plain = refanged === undefined ? "" : ` = ${refanged}`;
      const sure = source === "model" ? ` (${percent(score)})` : "";
      return `  ${spanStyle(label).name.padEnd(16)} ${oneLine(quote)}${plain}${sure}`;
    });
  const note = truncated ? ["  (longer than the model reads: the rest was searched by rules only)"] : [];
  return [`${name}: ${chipText(suggestion)} · ${tookMs.toFixed(0)} ms`, ...spans, ...note].join("\n");
}

/** Control characters of a hostile file must not reach the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ");
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
