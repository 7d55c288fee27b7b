// Finds domains, URLs and e-mail addresses in plain text; says no to file names, code and sentences without a space.
import ipaddr from "ipaddr.js";
import { parse } from "tldts";
import type { IndicatorKind } from "../../shared/contract.ts";

/** A hit in plain text, half-open; `value` is its plain form when that is not simply the slice. */
export interface Hit {
  kind: IndicatorKind;
  start: number;
  end: number;
  value?: string;
}
/** Tells whether the text as shown has this range defanged: then the writer meant an address. */
export type IsDefanged = (start: number, end: number) => boolean;

const reserved: ReadonlySet<string> = new Set(["example", "test", "invalid", "onion"]);
/** Names inside one's own network: a host, not an indicator, unless it was defanged or stands in an address. */
const internal: ReadonlySet<string> = new Set([
  "local",
  "localdomain",
  "lan",
  "internal",
  "intranet",
  "corp",
  "home",
  "private",
  "localhost",
]);
const fileEndings: ReadonlySet<string> = new Set("zip mov map pub cab pm md py ps mk java properties".split(" "));
const fileEndingsOfTwo: ReadonlySet<string> = new Set(["sh", "one"]);
/** After a full stop without a space these are words or fields, not countries: `it stopped.it said no`, `user.name`. */
const wordEndings: ReadonlySet<string> = new Set(
  [
    "it is in to no so as at be do me my us am by id name date call show open now here how are can new win you got see like",
    "cc fail target select save foo pid property compare read free auto safe",
  ]
    .join(" ")
    .split(" "),
);
const shortHosts: ReadonlySet<string> = new Set(["t.me", "wa.me", "youtu.be", "line.me", "about.me", "forms.office.com"]);
const documentName =
  /^(?:docx?|docm|xlsx?|xlsm|pptx?|pdf|rtf|txt|csv|jpe?g|png|zip|7z|exe|dll|js|vbs|ps1|html?|iso|sql|bak|vmdk|vhdx|pst)$/i;
const frameworks = /^(?:asp|vb|ado|ml|paint|akka|quartz|json|nlog)\.net$/i;
const label = /^[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_-]*[\p{L}\p{N}\p{M}])?$/u;

const schemes: ReadonlyMap<string, string> = new Map([
  ...[
    "http",
    "https",
    "ftp",
    "ftps",
    "sftp",
    "ws",
    "wss",
    "ldap",
    "ldaps",
    "rmi",
    "smb",
    "tcp",
    "udp",
    "ssh",
    "telnet",
    "rtsp",
    "file",
  ].map((name): [string, string] => [name, name]),
  ["hxxp", "http"],
  ["hxxps", "https"],
  ["h**p", "http"],
  ["h**ps", "https"],
  ["htxp", "http"],
  ["htxps", "https"],
  ["hxtp", "http"],
  ["hxtps", "https"],
  ["fxp", "ftp"],
  ["fxps", "ftps"],
]);
const LONGEST_SCHEME = 8;
const body = /[^\s<>"`{}|\\^\p{Cc}“”„‘’«»]{1,4096}/uy;
const hostRun = /[\p{L}\p{N}\p{M}_.-]{4,}/gu;

/** URLs with a scheme; `hxxp` and its like count. */
export function findUrls(text: string): Hit[] {
  const hits: Hit[] = [];
  for (let at = text.indexOf("://"); at >= 0; ) {
    let begin = at;
    while (begin > 0 && at - begin < LONGEST_SCHEME && /[a-z*]/i.test(text[begin - 1] ?? "")) begin--;
    const scheme = schemes.get(text.slice(begin, at).toLowerCase());
    const end = scheme ? bodyEnd(text, at + 3) : at + 3;
    const host = text.slice(at + 3, end).split(/[/?#]/, 1)[0] ?? "";
    if (scheme && end > at + 3 && (/[\p{L}\p{N}]/u.test(host) || scheme === "file")) {
      hits.push({ kind: "url", start: begin, end, value: `${scheme}://${text.slice(at + 3, end)}` });
    }
    at = text.indexOf("://", Math.max(end, at + 3));
  }
  return hits;
}

/** Domains, and addresses without a scheme (`evil.example/login`, `203.0.113.7:8080/x`). */
export function findHosts(text: string, isDefanged: IsDefanged): Hit[] {
  const hits: Hit[] = [];
  // Inside an address that was read already nothing new begins; looking would cost quadratic time on a hostile text.
  let covered = 0;
  for (const run of text.matchAll(hostRun)) {
    for (const piece of run[0].matchAll(/[^.]+(?:\.[^.]+)*/g)) {
      if (!piece[0].includes(".")) continue;
      const trimmed = piece[0].replace(/^[-_]+/, "");
      const start = run.index + piece.index + (piece[0].length - trimmed.length);
      const host = trimmed.slice(0, 254).replace(/[-_]+$/, "");
      const end = start + host.length;
      if (host.length > 253 || start < covered) continue;
      const after = text[end] ?? "";
      if (after === "@" || text[start - 1] === "\\") continue;
      const defanged = isDefanged(start, end);
      if (after === "(" && !defanged) continue;
      const numeric = ipaddr.IPv4.isValidFourPartDecimal(host);
      if (!numeric && !isDomain(host, defanged)) continue;
      const path = text.slice(end, end + 64).match(/^(?::\d{2,5})?\/(?!\/)(?=[^\s/])(?!\d+(?![\w.%/-]))/u);
      const pathEnd = path ? bodyEnd(text, end + path[0].length) : 0;
      if (path && pathEnd > end + path[0].length) hits.push({ kind: "url", start, end: pathEnd });
      covered = Math.max(covered, pathEnd);
      if (!numeric) hits.push({ kind: "domain", start, end });
    }
  }
  return hits;
}

/** Every `@` with a name before it and a host behind it. */
export function findEmails(text: string): Hit[] {
  const hits: Hit[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (!/[\p{L}\p{N}_%+-]/u.test(text.slice(Math.max(0, at - 2), at))) continue;
    const before = /[\p{L}\p{N}._%+'-]*$/u.exec(text.slice(Math.max(0, at - 64), at))?.[0] ?? "";
    const name = before.replace(/^[.'-]+/, "");
    const host = (/^[\p{L}\p{N}\p{M}.-]+/u.exec(text.slice(at + 1, at + 255))?.[0] ?? "").replace(/[.-]+$/, "");
    if (name === "" || name.endsWith(".") || !/^[^.]+(?:\.[^.]+)+$/.test(host)) continue;
    const ending = host.slice(host.lastIndexOf(".") + 1).toLowerCase();
    if (known(host) || internal.has(ending)) hits.push({ kind: "email", start: at - name.length, end: at + 1 + host.length });
  }
  return hits;
}

function known(host: string): boolean {
  const labels = host.split(".");
  if (!labels.every((part) => part.length <= 63 && label.test(part))) return false;
  if (reserved.has(labels.at(-1)?.toLowerCase() ?? "")) return true;
  const parsed = parse(host, { extractHostname: false, allowPrivateDomains: false });
  return parsed.isIcann === true && parsed.domain !== null;
}

function isDomain(host: string, defanged: boolean): boolean {
  const labels = host.split(".");
  const last = labels.at(-1) ?? "";
  const ending = last.toLowerCase();
  if (labels.length < 2 || !/^(?:\p{L}[\p{L}\p{M}]+|xn--[a-z0-9-]+)$/iu.test(last)) return false;
  if (labels.slice(-2).some((part) => part.includes("_"))) return false;
  if (defanged && internal.has(ending)) return true;
  if (!known(host)) return false;
  if (defanged || shortHosts.has(host.toLowerCase())) return true;
  if (last !== ending && host !== host.toUpperCase()) return false;
  if (frameworks.test(host) || fileEndings.has(ending)) return labels.length > 2 && ending !== "zip" && labels[0]?.toLowerCase() === "www";
  // `cashbook.xlsx.play` is a file that something renamed; `1.2.so` is a number.
  if (labels.slice(1, -1).some((part) => documentName.test(part))) return false;
  if (labels.slice(0, -1).every((part) => /^\d+$/.test(part))) return false;
  if (labels.length > 2) return !/^(?:com|org|net|java|javax)$/i.test(labels[0] ?? "");
  if (fileEndingsOfTwo.has(ending) || (ending === "so" && /^(?:lib|ld)/i.test(host))) return false;
  return !wordEndings.has(ending) || /[\d-]/.test(labels[0] ?? "");
}

/** End of an address whose part behind the scheme begins at `from`, without the sentence's own marks. */
function bodyEnd(text: string, from: number): number {
  body.lastIndex = from;
  let found = body.exec(text)?.[0] ?? "";
  // Two addresses in a row, and the markup `[address](address)`.
  const cut = found.search(/[,;](?=[a-z*]{3,6}:\/\/)|\]\(/i);
  if (cut >= 0) found = found.slice(0, cut);
  const open = (bracket: string) => found.split(bracket).length - 1;
  const spare: Record<string, number> = { ")": open(")") - open("("), "]": open("]") - open("[") };
  let end = found.length;
  for (; end > 0; end--) {
    const last = found[end - 1] ?? "";
    if (/[.,;:!?'*_~…]/.test(last)) continue;
    if ((spare[last] ?? 0) <= 0) break;
    spare[last] = (spare[last] ?? 0) - 1;
  }
  return from + end;
}
