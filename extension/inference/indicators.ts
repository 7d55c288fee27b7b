// Indicators by rules: ids, hashes, addresses, paths and registry keys, also in defanged form; linear in the text, whatever it holds.
import ipaddr from "ipaddr.js";
import type { IndicatorKind, Span } from "../../shared/contract.ts";
import { findEmails, findHosts, findUrls, type Hit } from "./indicator-hosts.ts";
import { findPaths } from "./indicator-paths.ts";
import { plainText } from "./indicator-text.ts";

const hyphen = "[-‐‑‒–—_ ]";
const cve = new RegExp(`(?<![A-Za-z0-9])CVE${hyphen}((?:19|20)\\d{2})${hyphen}(\\d{4,19})(?!\\w)`, "gi");
const cwe = new RegExp(`(?<![A-Za-z0-9])CWE${hyphen}(\\d{1,5})(?!\\w)`, "gi");
const attack = /(?<![\w.-])(?:T1[0-6]\d{2}(?:\.\d{3})?|TA00[0-4]\d)(?![\w-]|\.\d)/g;
const ipv4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)/g;
const ipv6Run = /[0-9A-Fa-f:.]{3,}/g;
const hexRun = /[0-9A-Za-z_]{32,}/g;
const versionBefore =
  /(?:\b(?:versions?|ver|build|release|rel|firmware|section|chapter|rev(?:ision)?|oid)\.?|version)["']?\s{0,12}[:=#]?\s{0,8}["']?$/i;
const products = [
  "Chrom(?:e|ium)|Firefox|SeaMonkey|Safari|Edge|Opera|Java|JDK|JRE|Derby|Acrobat|Reader|Flash|Player|Office|Exchange|vCenter|ESXi",
  "Confluence|Jira|OpenSSL|Citrix|FortiOS|Junos|iOS|macOS|Android",
].join("|");
/** `Chrome/98.0.4.2`, `seamonkey-2.53.7.1`, `upgraded to 1.0.154.48`, `Acrobat 9.3.1.2`. */
const productBefore = new RegExp(
  `(?:(?:^|[\\s(;,"])[A-Z][a-z]\\w*/|[A-Za-z]-|\\b(?:updat|upgrad|downgrad|revert|patch)\\w{0,3}\\s+to\\s+|\\b(?:${products})\\s+)$`,
);
const packages = "-[A-Za-z]|\\.(?:jar|war|zip|tar|exe|msi|rpm|deb|dll)\\b";
const releases = "\\)?\\s{0,2}(?:\\(?(?:Official|Developer)\\b|alpha|beta|rc\\d|(?:and|or)\\s(?:earlier|later|below|older|newer))";
/** `-beta`, `.jar`, `(Official Build)`, `and earlier` behind it. */
const versionAfter = new RegExp(`^(?:${packages}|${releases})`, "i");
const hashKinds: ReadonlyMap<number, IndicatorKind> = new Map([
  [32, "md5"],
  [40, "sha1"],
  [64, "sha256"],
  [128, "sha512"],
]);
/** Of two hits of one length, the one that comes first here stays. */
const order: readonly IndicatorKind[] = ["url", "email", "registry_key", "file_path", "cve", "cwe", "attack", "ipv4", "ipv6", "domain"];

/**
 * Everything that the rules find in one text: sorted, without overlaps (the longest stays), each an exact slice of the text.
 * `refanged` is set where the plain form differs from what is shown.
 */
export function findIndicators(text: string): Span[] {
  const { plain, shown } = plainText(text);
  const isDefanged = (start: number, end: number) => shown(end) - shown(start) !== end - start;
  const hits = [
    ...findUrls(plain),
    ...findEmails(plain),
    ...findHosts(plain, isDefanged),
    ...findPaths(plain),
    ...findIds(plain),
    ...findAddresses(plain),
    ...findHashes(plain),
  ];
  return longest(hits, plain.length).map((hit) => {
    const start = shown(hit.start);
    const end = shown(hit.end);
    const quote = text.slice(start, end);
    const value = hit.value ?? plain.slice(hit.start, hit.end);
    return { start, end, label: hit.kind, quote, source: "rule", score: 1, ...(value === quote ? {} : { refanged: value }) };
  });
}

/** A longer hit that overlaps a shorter one covers the shorter one's first or last character: marking characters is enough. */
function longest(hits: readonly Hit[], length: number): Hit[] {
  const rank = ({ kind }: Hit) => (order.indexOf(kind) + order.length + 1) % (order.length + 1);
  const sorted = [...hits].sort((a, b) => b.end - b.start - (a.end - a.start) || rank(a) - rank(b) || a.start - b.start);
  const taken = new Uint8Array(length);
  const kept = sorted.filter(({ start, end }) => {
    if (taken[start] || taken[end - 1]) return false;
    taken.fill(1, start, end);
    return true;
  });
  return kept.sort((a, b) => a.start - b.start);
}

function findIds(text: string): Hit[] {
  const hits: Hit[] = [];
  for (const match of text.matchAll(cve)) hits.push({ ...range("cve", match), value: `CVE-${match[1]}-${match[2]}` });
  for (const match of text.matchAll(cwe)) hits.push({ ...range("cwe", match), value: `CWE-${match[1]}` });
  for (const match of text.matchAll(attack)) if (!match[0].startsWith("T1000")) hits.push(range("attack", match));
  return hits;
}

function range(kind: IndicatorKind, match: RegExpExecArray): Hit {
  return { kind, start: match.index, end: match.index + match[0].length };
}

function findAddresses(text: string): Hit[] {
  const hits: Hit[] = [];
  for (const match of text.matchAll(ipv4)) {
    const octets = match[0].split(".");
    const before = text.slice(Math.max(0, match.index - 32), match.index);
    if (octets.some((octet) => octet.length > 1 && octet.startsWith("0")) || octets[0] === "0") continue;
    const after = text.slice(match.index + match[0].length, match.index + match[0].length + 24);
    if (versionBefore.test(before) || productBefore.test(before) || versionAfter.test(after)) continue;
    if (ipaddr.IPv4.isValidFourPartDecimal(match[0])) hits.push(range("ipv4", match));
  }
  for (const match of text.matchAll(ipv6Run)) {
    const run = match[0].slice(0, 64).replace(/\.+$|(?<!:):$/, "");
    const end = match.index + run.length;
    if (match[0].length > 48 || /\w/.test(text[match.index - 1] ?? "") || /\w/.test(text[end] ?? "")) continue;
    if (isIpv6(run)) hits.push({ kind: "ipv6", start: match.index, end });
  }
  return hits;
}

/** Not times, not hardware addresses, not `face::bad` of a programming language. */
function isIpv6(run: string): boolean {
  const groups = run.split(":").filter((group) => group !== "");
  if (!run.includes("::") && groups.every((group) => group.length === 2)) return false;
  if (run.includes("::") && groups.length < 3 && !/\d/.test(run)) return false;
  return groups.length > 0 && ipaddr.IPv6.isValid(run);
}

function findHashes(text: string): Hit[] {
  const hits: Hit[] = [];
  for (const match of text.matchAll(hexRun)) {
    const kind = hashKinds.get(match[0].length);
    if (!kind || !/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(match[0]) || !/\d/.test(match[0]) || !/[a-f]/i.test(match[0])) continue;
    if (/[+=]/.test(text[match.index + match[0].length] ?? "")) continue;
    hits.push(range(kind, match));
  }
  return hits;
}
