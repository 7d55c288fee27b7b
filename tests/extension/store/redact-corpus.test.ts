// Redaction of real-looking tickets: how much it hides of the practice tickets and the corpus, and that no indicator is lost.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { findIndicators } from "../../../extension/inference/indicators.ts";
import { type Redaction, redact, toRedacted } from "../../../extension/store/redact.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (folder: string, name: string) => readFileSync(join(root, folder, name), "utf8");
const tickets = readdirSync(join(root, "tests/fixtures/tickets")).map((name) => read("tests/fixtures/tickets", name));
const corpus = readdirSync(join(root, "trainer/corpus"))
  .filter((name) => /^w\d+\.jsonl$/.test(name))
  .flatMap((name) => read("trainer/corpus", name).split("\n").filter(Boolean))
  .map((line) => z.looseObject({ text: z.string() }).parse(JSON.parse(line)).text);
const texts = [...tickets, ...corpus];

describe("redaction of the practice tickets and the corpus", () => {
  let redactions: Redaction[];
  beforeAll(() => {
    redactions = texts.map((text) => redact(text, { ownDomains: [] }));
  });

  it("keeps every indicator but e-mail addresses, and of URLs all but query and user name", () => {
    let seen = 0;
    const lost: string[] = [];
    texts.forEach((text, index) => {
      const redaction = redactions[index] ?? { text: "", pieces: [] };
      for (const span of findIndicators(text)) {
        if (span.label === "email") continue;
        seen++;
        const { start, end } = toRedacted(redaction, span);
        const shown = redaction.text.slice(start, end);
        const kept = span.label === "url" ? span.quote.replace(/[?#].*/s, "") : span.quote;
        if (span.label === "url" ? !shown.startsWith(kept) : shown !== kept) lost.push(`${span.label} ${span.quote} -> ${shown}`);
      }
    });
    expect(texts.length).toBeGreaterThan(1800);
    expect(seen).toBeGreaterThan(1100);
    expect(lost).toEqual([]);
  });

  it("hides every e-mail address that the rules find", () => {
    const left = texts.flatMap((text, index) =>
      findIndicators(redactions[index]?.text ?? text)
        .filter(({ label }) => label === "email")
        .map(({ quote }) => quote),
    );
    expect(left).toEqual([]);
  });

  it("hides little else: texts that people wrote hold few secrets, and the model learns from the words", () => {
    const counts: Record<string, number> = {};
    for (const { kind } of redactions.flatMap(({ pieces }) => pieces)) counts[kind] = (counts[kind] ?? 0) + 1;
    expect(counts).toEqual({ email: 208, phone: 11, token: 4, query: 6 });
  });
});
