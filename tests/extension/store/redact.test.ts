// Redaction: what is hidden, what stays, the way between the two texts, and that it is linear and final.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact, toOriginal, toRedacted } from "../../../extension/store/redact.ts";
import { nastyText, policy } from "./redact-texts.ts";

const shown = (text: string) => redact(text, policy).text;
const md5 = "d41d8cd98f00b204e9800998ecf8427e";
const sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const guid = "550e8400-e29b-41d4-a716-446655440000";
const random = "8fj29fjK2910fjAAqP";
const body = "MIIEpAIBAAKCAQEA7bqZ3oJ6WmPlkz2nGqv0";

describe("redact hides", () => {
  it.each<[string, string]>([
    ["mail a.b+c@evil.example, please", "mail [email], please"],
    ["<Anna.Müller@münchen.example>; 'x@y.z.example'", "<[email]>; '[email]'"],
    ["a[@]b[.]c and a (at) b or jo [at] corp [dot] com", "[email] and [email] or [email]"],
    ["anna(dot)berg@corp.example mailto:x@y.example?subject=hello", "[email] mailto:[email]?[query]"],
    ["an\u200bna@corp.example, anna＠corp.example", "[email], [email]"],
    ["https://u:p@evil.example/a?b=c#d.", "https://[query]@evil.example/a?[query]."],
    ["hxxps://evil[.]example/a?b=c, next", "hxxps://evil[.]example/a?[query], next"],
    [
      "hxxps[://]evil[.]example[/]a?b=c https:\\/\\/a.example\\/x?b=c",
      "hxxps[://]evil[.]example[/]a?[query] https:\\/\\/a.example\\/x?[query]",
    ],
    ["(see https://a.example/?q=1) [t](https://a.example/#f)", "(see https://a.example/?[query]) [t](https://a.example/#[query])"],
    ["http://a.example/?x=1,http://b.example/?y=2", "http://a.example/?[query],http://b.example/?[query]"],
    ["evil[.]example/login?user=anna 203.0.113.7:8080/a.php?id=1", "evil[.]example/login?[query] 203.0.113.7:8080/a.php?[query]"],
    ["evil.example?id=7", "evil.example?[query]"],
    ["CORP\\anna and corp.example\\bob, acme\\\\eve or eve@ACME", "[user] and [user], [user] or [user]"],
    ["password=Summer2024! next", "password=[token] next"],
    ["pwd: hunter2, user: bob", "pwd: [token], user: bob"],
    ['{"db_password": "a b\'c", "api_key":"abc123def"}', '{"db_password": "[token]", "api_key":"[token]"}'],
    ["password=a1,user=bob&x=1 Pwd=abc;Server=x", "password=[token],user=bob&x=1 Pwd=[token];Server=x"],
    ["<password>geheim</password> --password geheim -Token abc123", "<password>[token]</password> --password [token] -Token [token]"],
    ["Kennwort lautet Winter99, PIN: 4471", "Kennwort lautet [token], PIN: [token]"],
    [`client_secret=${md5} token=${guid}`, "client_secret=[token] token=[token]"],
    ["Authorization: Bearer abcdef1234567890 / Basic dXNlcjpwYXNz", "Authorization: Bearer [token] / Basic [token]"],
    ["?sv=2024&sig=abcdef%2F1234567890xyz%3D&se=1", "?sv=2024&sig=[token]&se=1"],
    ["ghp_1234567890abcdefghijklmnopqrstuvwxyz github_pat_11ABCDEFG0123456789_abc", "[token] [token]"],
    ["glpat-abcdefghij1234567890 xoxb-123456789012-abcdef xoxp-1234567890-x", "[token] [token] [token]"],
    ["AKIAIOSFODNN7EXAMPLE ASIAIOSFODNN7EXAMPLE AIzaSyA1234567890abcdefghijklmnopqrstu", "[token] [token] [token]"],
    ["sk-proj-abcdefghijklmnop1234 sk_live_abcdefghij1234", "[token] [token]"],
    [`the token was ${random} and the key (new) ${random}=`, "the token was [token] and the key (new) [token]"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF-_123.", "[jwt]."],
    ["token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF", "token=[jwt]"],
    [`a -----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${body}\nab=\n-----END RSA PRIVATE KEY----- b`, "a [key] b"],
    [`"-----BEGIN PRIVATE KEY-----\\n${body}\\n${body}" and`, '"[key]" and'],
    ["DE89 3704 0044 0532 0130 00, GB29NWBK60161331926819 de89370400440532013000", "[iban], [iban] [iban]"],
    ["4111 1111 1111 1111 12/27, 4111-1111-1111-1111", "[card] 12/27, [card]"],
    ["378282246310005 3782 822463 10005 5555555555554444", "[card] [card] [card]"],
    ["+49 30 901820, +49 (0)171/5550123 and 0049 171 5550123", "[phone], [phone] and [phone]"],
    ["+1 555 555 0142; (555) 555-0142; 555-555-0142", "[phone]; [phone]; [phone]"],
    ["0171 5550123 (030) 901820-12 07700900123 030 / 901820 2026-11-21", "[phone] [phone] [phone] [phone] 2026-11-21"],
    [
      "Server=db;Password=P@ss,w0rd;Encrypt=True postgres://app:s3cr3t@db.example/x",
      "Server=db;Password=[token];Encrypt=True postgres://[query]@db.example/x",
    ],
    ["phone 555-0142, Tel.: 88123, ext. 4471, Handynummer 5550 123", "phone [phone], Tel.: [phone], ext. [phone], Handynummer [phone]"],
  ])("%j", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

describe("redact leaves", () => {
  it.each([
    `${md5} ${sha1} ${sha256} ${sha256}${sha256}`,
    `token ${md5}, key ${sha1}, secret ${sha256}, ${guid}, key ${guid}, the password hash ${md5.toUpperCase()}`,
    "host key fingerprint SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDPhZ5MTa1",
    "CVE-2021-44228 CWE-787 T1566.001 CVE-2021-4111111111111111",
    "203.0.113.7 203[.]0[.]113[.]7 2001:db8::1 phone: 203.0.113.5",
    "evil.example evil[.]example https://evil.example/a/b hxxp://evil[.]example:8080/x.php http://a.example/?",
    "C:\\Users\\anna\\secret key.txt \\\\CORP\\share\\x C:\\CORP\\tool.exe /etc/passwd ~/.ssh/id_rsa",
    "HKLM\\Software\\Microsoft\\Run registry key HKEY_CURRENT_USER\\Environment",
    "secret: /run/secrets/db token: C:\\tools\\t.txt password: https://vault.example/x",
    "CORP\\WS-01$ OTHER\\bob me @home 5@3 @handle root@203.0.113.5 pkg@1.2.3",
    "Password: expired. token: none; password spray, passwords: 40, password > 8 characters",
    "the password is weak; she typed her password at the page; password was reset, one-time-password sent",
    "Bearer authentication failed, Basic authentication",
    'ips_event sig="PHPUnit eval-stdin RCE CVE-2017-9841"',
    "01-02-2024 12:30, 2026-11-21 05:58, 10.0.19045, 1234567890, 08:31, 12.11.2026",
    "4111 1111 1111 1112, order 1234567890123456, 0000 0000 0000 0000",
    "DE89 3704 4044 5532 1130 01, XX89370400440532013000",
    "GET /search?from=%00&to=%00&date= 504",
    "key=billing-worker-6f9c7d-xk2lp token WS-FRA-00412-prod-eu-west",
    "is that so? C# and F# #1 what?no",
    "-----BEGIN CERTIFICATE-----",
    "[email] [token]",
  ])("%j", (text) => {
    expect(shown(text)).toBe(text);
  });
});

describe("redact", () => {
  it("makes lone surrogates safe for any transport and changes nothing else", () => {
    expect(shown("a\ud83d b \udc00 😀")).toBe("a\ufffd b \ufffd 😀");
  });

  it("hides nothing more the second time, whatever the text", () => {
    fc.assert(
      fc.property(nastyText(), (text) => {
        const once = redact(text, policy);
        expect(redact(once.text, policy)).toEqual({ text: once.text, pieces: [] });
      }),
      { numRuns: 3000 },
    );
  });

  it("puts typed placeholders in the place of its pieces and keeps the rest to the unit", () => {
    fc.assert(
      fc.property(nastyText(), (text) => {
        const { text: result, pieces } = redact(text, policy);
        let original = 0;
        let redacted = 0;
        for (const piece of pieces) {
          expect(result.slice(redacted, piece.redacted.start)).toBe(text.toWellFormed().slice(original, piece.original.start));
          expect(result.slice(piece.redacted.start, piece.redacted.end)).toBe(`[${piece.kind}]`);
          expect(piece.original.start).toBeGreaterThanOrEqual(original);
          expect(piece.original.end).toBeGreaterThan(piece.original.start);
          expect(text.slice(piece.original.start, piece.original.end).toWellFormed()).toBe(
            text.toWellFormed().slice(piece.original.start, piece.original.end),
          );
          original = piece.original.end;
          redacted = piece.redacted.end;
        }
        expect(result.slice(redacted)).toBe(text.toWellFormed().slice(original));
      }),
      { numRuns: 3000 },
    );
  });

  it("translates every range there and back: the same, or widened over what is hidden", () => {
    const ranged = nastyText().chain((text) => fc.tuple(fc.constant(text), fc.nat(text.length), fc.nat(text.length)));
    fc.assert(
      fc.property(ranged, ([text, a, b]) => {
        fc.pre(a !== b);
        const redaction = redact(text, policy);
        const range = { start: Math.min(a, b), end: Math.max(a, b) };
        const there = toRedacted(redaction, range);
        const back = toOriginal(redaction, there);
        const touched = redaction.pieces.filter(({ original }) => original.start < range.end && range.start < original.end);
        expect(back).toEqual({
          start: Math.min(range.start, ...touched.map(({ original }) => original.start)),
          end: Math.max(range.end, ...touched.map(({ original }) => original.end)),
        });
        expect(toRedacted(redaction, back)).toEqual(there);
        for (const { redacted } of redaction.pieces)
          expect(
            redacted.end <= there.start || redacted.start >= there.end || (redacted.start >= there.start && redacted.end <= there.end),
          ).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
