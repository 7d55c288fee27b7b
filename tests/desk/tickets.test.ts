// The practice tickets load, cover what they must, and broken files are named with their line.
import { expect, test } from "vitest";
import { severityIds, threatTypeIds } from "../../shared/labels.ts";
import { markupText, parseMarkup } from "./markup.ts";
import { deskTickets, parseTicket, shownTexts, sysIdOf, withoutAnswers } from "./tickets.ts";

const tickets = await deskTickets();
const GOOD =
  "key: SEC-1\nsystem: jira\ntitle: A title\nexpect: malware high\nhighlights:\n  - evil[.]example\n---\nSee evil[.]example now.\n";

test("there are enough tickets, half a system each, and every class is covered", () => {
  expect(tickets.length).toBeGreaterThanOrEqual(20);
  const jira = tickets.filter((ticket) => ticket.system === "jira").length;
  expect(Math.abs(jira - (tickets.length - jira))).toBeLessThanOrEqual(2);
  expect(new Set(tickets.map((ticket) => ticket.expect.threatType))).toEqual(new Set(threatTypeIds));
  expect(new Set(tickets.map((ticket) => ticket.expect.severity))).toEqual(new Set(severityIds));
  expect(tickets.filter((ticket) => ticket.expect.threatType === "benign").length).toBeGreaterThanOrEqual(6);
  expect(tickets.some((ticket) => ticket.language !== "en")).toBe(true);
  expect(Math.max(...tickets.map((ticket) => shownTexts(ticket).join("\n").length))).toBeGreaterThanOrEqual(20_000);
});

test("addresses are documentation addresses only", () => {
  for (const ticket of tickets) {
    const plain = shownTexts(ticket).join("\n").replaceAll("[.]", ".");
    for (const [ip] of plain.matchAll(/(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])/g)) {
      expect(ip, ticket.key).toMatch(/^(192\.0\.2|198\.51\.100|203\.0\.113)\./);
    }
    for (const [host] of plain.matchAll(/(?<=:\/\/|[\w.]@)[a-z0-9.-]+/gi)) {
      expect(host, ticket.key).toMatch(/(\.example|\.test|\.invalid|(^|\.)example\.(com|net|org))\.?$/i);
    }
  }
});

test("pages never get the answers", () => {
  for (const ticket of tickets) expect(Object.keys(withoutAnswers(ticket))).not.toEqual(expect.arrayContaining(["expect"]));
  expect(sysIdOf("INC0010021")).toMatch(/^[0-9a-f]{32}$/);
});

test.each([
  ["no end of the header", "key: SEC-1", /x\.md:1: no line "---"/],
  ["an unknown name", GOOD.replace("title", "titel"), /x\.md:3: unknown name "titel"/],
  ["a missing title", GOOD.replace("title: A title\n", ""), /"title" is missing/],
  ["a name given twice", GOOD.replace("system", "key: SEC-2\nsystem"), /x\.md:2: "key" is given twice/],
  ["an unknown class", GOOD.replace("malware high", "virus high"), /expect\.threatType/],
  ["a class without a severity", GOOD.replace("malware high", "malware"), /a threat type and a severity/],
  ["a highlight that is not shown", GOOD.replace("See evil", "See other"), /"evil\[\.\]example" is not in the shown text/],
  ["a comment head without a time", `${GOOD}--- comment | Someone\ntext\n`, /x\.md:9: a comment begins with/],
  ["an empty comment", `${GOOD}--- comment | Someone | 2026-11-20 10:00\n`, /comments\.0\.text/],
])("a file with %s is refused by name", (_case, source, message) => {
  expect(() => parseTicket("x.md", source)).toThrow(message);
});

test("markup becomes blocks, and blocks become the text that is shown", () => {
  const source = [
    "## Head\nline one\nline **two** `x_1` see https://a.example/b.",
    "- first @[Mira Olsson]\n- second :warning:",
    "| A | B |\n|---|---|\n| 1 | a\\|b |",
    "> quoted\n>\n> again",
    "```log\n- not a list\n```",
  ].join("\n\n");
  const blocks = parseMarkup(source);
  expect(blocks.map((block) => block.kind)).toEqual(["heading", "paragraph", "list", "table", "quote", "code"]);
  expect(markupText(blocks)).toBe(
    "Head\nline one\nline two x_1 see https://a.example/b.\nfirst @Mira Olsson\nsecond ⚠️\nA\tB\n1\ta|b\nquoted\nagain\n- not a list",
  );
  expect(blocks[1]).toMatchObject({
    content: expect.arrayContaining([{ kind: "link", text: "https://a.example/b", href: "https://a.example/b" }]),
  });
});
