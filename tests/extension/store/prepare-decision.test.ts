// Whatever the page sends, the decision that may leave fits the contract and its limits, and what was left out is counted.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findIndicators } from "../../../extension/inference/indicators.ts";
import { byteLength, prepareDecision, viewOf } from "../../../extension/store/prepare-decision.ts";
import { Decision, DecisionView, limits } from "../../../shared/decisions.ts";
import { labelsVersion } from "../../../shared/labels.ts";
import type { ReviewSpan } from "../../../shared/review.ts";
import { anyIntent, block, noSpans, spanOf, validSpans } from "./any-intent.ts";
import { policy as closed } from "./redact-texts.ts";
import { intent } from "./review-lab.ts";

const faults = (decision: unknown) => Decision.safeParse(decision).error?.issues ?? [];

describe("prepareDecision", () => {
  it("makes of any intent a decision of the contract, within its limits, the same each time, and counts what it leaves out", async () => {
    await fc.assert(
      fc.asyncProperty(anyIntent(), async (made) => {
        const decision = await prepareDecision(made, closed);
        expect(faults(decision)).toEqual([]);
        expect(byteLength(decision)).toBeLessThanOrEqual(limits.decisionBytes);
        expect(decision.omitted.blocks).toBe(made.blocks.length - decision.blocks.length);
        expect(decision.omitted.spans).toBe((made.final?.spans.length ?? 0) - (decision.final?.spans.length ?? 0));
        for (const text of decision.blocks.map((one) => one.text)) expect(text.isWellFormed()).toBe(true);
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
        expect(await prepareDecision(made, closed)).toEqual(decision);
        expect(DecisionView.safeParse(viewOf(decision)).success).toBe(true);
        // Nothing is over a limit here but the number of blocks.
        if (made.blocks.filter(({ restricted }) => !restricted).length <= limits.blocks)
          expect(decision.final?.spans.length).toBe(validSpans(made).length);
      }),
      { numRuns: 100 },
    );
  });

  it("keeps what the person decided, hashes the full texts as the suggestion does, and names the labels' version", async () => {
    const made = intent({ dwellMs: 5_000_000_000, blocks: [...intent().blocks, block("n", "\ud800 internal", { restricted: true })] });
    const decision = await prepareDecision(made, closed);
    const pairs = made.blocks.map(({ role, text }) => [role, text]);
    expect(decision).toMatchObject({
      ticket: { system: "jira-cloud", key: "SEC-1", hash: createHash("sha256").update(JSON.stringify(pairs)).digest("hex") },
      verdict: "accept",
      final: { threatType: "phishing", severity: "high", spans: [{ block: 1, quote: "Emotet" }] },
      omitted: { blocks: 1, spans: 0, text: false },
      labelsVersion,
      dwellMs: 1_000_000_000,
    });
    expect(await prepareDecision(made, closed, (text) => createHash("sha256").update(text).digest("hex"))).toEqual(decision);
  });

  it("lets restricted texts out only if policy allows it", async () => {
    const note = block("note", "internal: Qakbot", { restricted: true });
    const made = intent({ blocks: [note, block("c", "open")], final: { ...noSpans, spans: [spanOf(note, "Qakbot")] } });
    const decision = await prepareDecision(made, closed);
    expect([decision.blocks, decision.omitted]).toEqual([[{ role: "comment", text: "open" }], { blocks: 1, spans: 1, text: false }]);
    expect((await prepareDecision(made, { ...closed, restricted: true })).final?.spans).toMatchObject([{ block: 0, quote: "Qakbot" }]);
  });

  it("makes a family of a title that may leave only", async () => {
    const familyOf = async (restricted: boolean, comment: string) => {
      const title = block("t", "Disk full", { role: "title", restricted });
      return (await prepareDecision(intent({ blocks: [title, block("c", comment)], final: noSpans }), closed)).ticket.family;
    };
    expect(await familyOf(false, "one")).toBe(await familyOf(false, "two"));
    expect(await familyOf(true, "one")).not.toBe(await familyOf(false, "one"));
    expect(await familyOf(true, "one")).not.toBe(await familyOf(true, "two"));
  });

  it("widens a span over what is hidden, and drops one with another quote, in no block, over half a letter or too long", async () => {
    const home = block("d", `ask anna@corp.example 😀 ${"x".repeat(500)}`, { role: "description" });
    const spans: ReviewSpan[] = [
      spanOf(home, "ask an"),
      { ...spanOf(home, "ask"), quote: "asks" },
      { ...spanOf(home, "ask"), block: "gone" },
      spanOf(home, "\ud83d"),
      spanOf(home, "x".repeat(401)),
    ];
    const decision = await prepareDecision(intent({ blocks: [home], final: { ...noSpans, spans } }), closed);
    expect(decision.final?.spans).toEqual([{ block: 0, start: 0, end: 11, label: "Malware", quote: "ask [email]", source: "human" }]);
    expect(decision.omitted.spans).toBe(4);
  });

  it("gives tickets of one template one family, and others another", async () => {
    const familyOf = async (...titles: string[]) =>
      (await prepareDecision(intent({ blocks: titles.map((title) => block("t", title, { role: "title" })), final: noSpans }), closed))
        .ticket.family;
    const one = await familyOf("EDR alert 4711 on host-17.corp.example for anna@corp.example");
    expect(await familyOf("EDR  alert 9 on srv2.corp.example for bert@corp.example")).toBe(one);
    expect(await familyOf("EDR health check failed")).not.toBe(one);
    expect(await familyOf("端末4711で検知")).toBe(await familyOf("端末9で検知"));
    expect(await familyOf("端末4711で検知")).not.toBe(await familyOf("端末4711で停止"));
    expect(await familyOf()).toMatch(/^[0-9a-f]{16}$/);
    const indicators = [
      "203[.]0.113[.]7",
      "evil[dot]example",
      "hxxp://evil.example/a",
      "CVE-2021-44228",
      "HKLM\\Software\\Run",
      "C:\\Temp\\a.exe",
      "2001:db8::1",
    ];
    for (const indicator of indicators) {
      expect(findIndicators(indicator)).toHaveLength(1);
      expect(await familyOf(`Seen: ${indicator} again`)).toBe(await familyOf("Seen: 198.51.100.9 again"));
    }
  });
});

describe("a ticket over the limits", () => {
  it("of 500 blocks keeps title, description and the comments nearest to a person's mark", async () => {
    const comments = Array.from({ length: 498 }, (_, index) => block(`c${index}`, `comment ${index}, Qakbot`));
    const blocks = [block("t", "title", { role: "title" }), block("d", "description", { role: "description" }), ...comments];
    const kept = async (spans: ReviewSpan[]) => {
      const decision = await prepareDecision(intent({ blocks, final: { ...noSpans, spans } }), closed);
      expect(faults(decision)).toEqual([]);
      expect(decision.omitted).toEqual({ blocks: 460, spans: 0, text: false });
      return decision.blocks.map(({ text }) => text.match(/\d+/)?.[0] ?? text);
    };
    const numbers = (from: number) => Array.from({ length: 38 }, (_, index) => String(from + index));
    expect(await kept([])).toEqual(["title", "description", ...numbers(0)]);
    expect(await kept(comments.slice(300, 301).map((one) => spanOf(one, "Qakbot")))).toEqual(["title", "description", ...numbers(281)]);
  });

  it("of long texts keeps beginnings, with no half letter and no half placeholder at the cut", async () => {
    const title = block("t", "Ransom note", { role: "title" });
    const description = block("d", "😀".repeat(15_000), { role: "description" });
    const noise = Array.from({ length: 6 }, (_, index) => block(`n${index}`, `noise ${index} `.repeat(800)));
    const marked = block("marked", `${"anna@corp.example; ".repeat(30_000)}LockBit`);
    const spans = [spanOf(marked, "LockBit"), spanOf(marked, "anna@corp.example")];
    const decision = await prepareDecision(
      intent({ blocks: [title, ...noise, description, marked], final: { ...noSpans, spans } }),
      closed,
    );
    expect(decision.blocks.map(({ text }) => text.length)).toEqual([11, 20_000, 11_988]);
    expect(decision.blocks.at(-1)?.text).toMatch(/^(?:\[email\]; )+$/);
    expect(decision.blocks.at(1)?.text.isWellFormed()).toBe(true);
    expect(decision.omitted).toEqual({ blocks: 6, spans: 1, text: true });
    expect(faults(decision)).toEqual([]);
  });

  it.each([
    ["control characters", "\u0001"],
    ["Chinese", "漢"],
    ["quotation marks", '"'],
    ["smilies", "😀"],
  ])("of %s, which JSON makes long, still fits, spans and all", async (_, letter) => {
    const home = block("d", letter.repeat(40_000), { role: "description" });
    const spans = Array.from({ length: 300 }, (_, index): ReviewSpan => {
      const start = index * 2;
      const source = index < 250 ? "model" : "human";
      return { block: "d", start, end: start + 300, label: "Malware", quote: home.text.slice(start, start + 300), source };
    });
    const decision = await prepareDecision(intent({ blocks: [home, block("c", home.text)], final: { ...noSpans, spans } }), closed);
    expect(faults(decision)).toEqual([]);
    expect(byteLength(decision)).toBeLessThanOrEqual(limits.decisionBytes);
    // A text of control characters alone is cut by bytes; every other comes to the limits in units.
    expect(decision.blocks[0]?.text.length).toBeGreaterThan(letter === "\u0001" ? 16_000 : 19_999);
    expect(decision.final?.spans.length).toBeGreaterThan(15);
    // A person's spans go first.
    const human = decision.final?.spans.filter(({ source }) => source === "human").length ?? 0;
    expect(human).toBe(Math.min(50, decision.final?.spans.length ?? 0));
  });

  it("of 500 blocks with 200,000 units each takes as long as the few that travel", async () => {
    const blocks = Array.from({ length: 500 }, (_, index) => block(`c${index}`, "wordy text ".repeat(18_000)));
    const began = process.cpuUsage();
    expect(faults(await prepareDecision(intent({ blocks, final: noSpans }), closed, () => "0".repeat(64)))).toEqual([]);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(3000);
  });
});

it("takes at most 30 ms for a ticket of 20 blocks", async () => {
  const folder = join(import.meta.dirname, "..", "..", "fixtures", "tickets");
  const blocks = readdirSync(folder)
    .slice(0, 20)
    .map((name, index) => block(`b${index}`, readFileSync(join(folder, name), "utf8")));
  const spans = blocks.flatMap((home) => findIndicators(home.text).map(({ quote }) => spanOf(home, quote, "rule")));
  const times: number[] = [];
  for (let round = 0; round < 8; round++) {
    const began = process.cpuUsage();
    await prepareDecision(intent({ blocks, final: { ...noSpans, spans } }), closed);
    const { user, system } = process.cpuUsage(began);
    times.push((user + system) / 1000);
  }
  expect(blocks).toHaveLength(20);
  expect(Math.min(...times)).toBeLessThan(30);
});
