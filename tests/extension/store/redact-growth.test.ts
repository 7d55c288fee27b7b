// Redaction takes time linear in the text, whatever a hostile ticket holds.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact } from "../../../extension/store/redact.ts";
import { nastyText, policy } from "./redact-texts.ts";

/** Milliseconds of the processor, so that whatever else runs on the machine does not count. */
function time(unit: string, length: number): number {
  const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  const began = process.cpuUsage();
  redact(text, policy);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** Below it counts as linear: 32 times the text, with room for a noisy machine. */
const linear = 200;

/** How much longer 32 times the text takes: about 32 times; quadratic work would take 1,024 times. */
function growth(unit: string): number {
  time(unit, 4000);
  const small = Math.min(...[1, 2, 3].map(() => time(unit, 4000)));
  return Math.min(time(unit, 128_000), time(unit, 128_000)) / Math.max(0.5, small);
}

/** The least of some measurements: a busy machine makes single ones longer, and no quadratic one shorter. */
function leastGrowth(unit: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6 && least > linear; round++) least = Math.min(least, growth(unit));
  return least;
}

const units = [
  ["a", "a.", "-.", "0", "0 ", "f", ":", ".", "..a", "a ", "ä", "😀", "\u0301", "\u200b", "\ud800", "'", '"', "[email]", "[email] "],
  ["@", "a@", "a@b.cd ", "a@a.", "a@b---", "a@-", "[.]", "a[.]", "[at]", "a (at) ", "a(dot)"],
  ["://", "http://", "http://a.example/", "http://a.example/?", "a.example/?", "a.b/,", "a.b/~", "(a.b/", "?", "x?", "#a", "a.b/~a.b/;?"],
  ["http://(", "http://a,", "http://[", "http://)))a", "http://a?)))", "a@b://", "mailto:", "x=a.b/", "[/]a.b"],
  ["\\", "corp\\", "corp\\a", "corp\\a\\", "a\\", "corp\\.", "corp\\--a"],
  [
    "pwd=",
    'pwd="',
    "pwd='",
    "password: ",
    "token:",
    "token: a",
    "token:a,b=",
    "token:/a/",
    "pwd=(((",
    "pwd=)))a",
    "pwd=,,,,",
    "<password>",
  ],
  ["token:expired ", "secret:::::", "--password ", "Bearer ", "Basic aaaaaaaa1 ", "sig=", "pin=1", "token is ", "=========", "a,b="],
  ["key ", "key aB1", "key aB1cD2eF3gH4iJ5k ", "aB1cD2eF3gH4iJ5k", "eyJ", "eyJaaaaaaaaaaaa.", "eyJaaaaaaaaaaaa", "ghp_", "sk-", "xoxb-1"],
  [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAAAA ",
    "-----",
    "AAAAAAAAAAAAAAAA ",
    "-----END PRIVATE KEY-----",
  ],
  ["DE89", "DE89 3704 0044 0532 0130 00 ", "DE12 ", "4111 1111 1111 1111 ", "4111 1111 1111 1112 ", "4111", "4111111111111112 "],
  [
    "+1",
    "+1 ",
    "+49 30 901820 ",
    "0171 5550123 ",
    "tel ",
    "tel 1",
    "tel: : : : ",
    "tel..",
    "phone number no ",
    "(0",
    "(0)",
    "00 1",
    "1.2.3.4 ",
  ],
].flat();

describe("redact", () => {
  it.each(units)("takes linear time on %j repeated", (unit) => {
    expect(leastGrowth(unit)).toBeLessThan(linear);
  });

  it("takes linear time on any pieces repeated", () => {
    fc.assert(
      fc.property(nastyText(5), (unit) => {
        fc.pre(unit !== "");
        expect(leastGrowth(unit)).toBeLessThan(linear);
      }),
      { numRuns: 25 },
    );
  });
});
