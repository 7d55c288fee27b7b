// Nasty texts for the tests of redaction: pieces of what is hidden, of what stays, and of what no text should hold.
import fc from "fast-check";

export const policy = { restricted: false, ownDomains: ["corp.example", "Acme.test"] };

const secrets = [
  "anna@corp.example",
  "a[@]b[.]c",
  "bob (at) evil (dot) example",
  "CORP\\anna",
  "https://u:p@evil.example/a?b=c#d",
  "hxxps://evil[.]example/a?b=c",
  "evil[.]example/login?user=anna",
  "password=Summer2024!",
  "pwd: hunter2",
  '"api_key": "abc123def"',
  "Bearer abcdef1234567890",
  "ghp_1234567890abcdefghijklmnopqrstuvwxyz",
  "AKIAIOSFODNN7EXAMPLE",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF-_123",
  "the token is 8fj29fjK2910fjAAq",
  "DE89 3704 0044 0532 0130 00",
  "4111 1111 1111 1111",
  "378282246310005",
  "+49 30 901820",
  "0171 5550123",
  "(555) 555-0142",
  "tel. 88123",
  "-----BEGIN PRIVATE KEY----- MIIEpAIBAAKCAQEA7bqMIIEpAIBAAKCAQEA7bq",
  "-----END PRIVATE KEY-----",
];
const stays = [
  "d41d8cd98f00b204e9800998ecf8427e",
  "550e8400-e29b-41d4-a716-446655440000",
  "203.0.113.7",
  "203[.]0[.]113[.]7",
  "CVE-2021-44228",
  "2026-11-21 05:58",
  "C:\\Users\\anna\\a.exe",
  "HKLM\\Software\\Run",
  "[email]",
  "[token]",
  "[query]",
];
const marks = [..." \n\t@.:/\\?#=&;,|()[]{}'\"`<>+-_0123456789%$*aZé", "://", "[.]", "[at]", "=>", "key ", "pwd=", "tel "];
const units = ["\ud83d", "\udc00", "😀", "👩‍🔬", "\u0301", "\u200b", "\u202e", "\u00a0", "\ufeff", "مرحبا", "ä", "漢", "\0"];

/** Texts of such pieces, put together at random. */
export const nastyText = (maxLength = 14) =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...secrets) },
        { weight: 2, arbitrary: fc.constantFrom(...stays) },
        { weight: 5, arbitrary: fc.constantFrom(...marks) },
        { weight: 1, arbitrary: fc.constantFrom(...units) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 5 }) },
        { weight: 1, arbitrary: fc.nat(99_999_999).map(String) },
        { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...secrets), fc.nat(60)).map(([text, at]) => text.slice(at)) },
      ),
      { maxLength },
    )
    .map((parts) => parts.join(""));
