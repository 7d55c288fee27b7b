// Finds Windows, UNC and Unix file paths and Windows registry keys in plain text.
import type { Hit } from "./indicator-hosts.ts";

const drive = /(?<![A-Za-z0-9])(?:[A-Za-z]:(?:\\{1,2}|\/(?!\/))|%[A-Za-z][A-Za-z0-9_()]{1,30}%\\{1,2}|\$env:[A-Za-z]{2,20}\\{1,2})/g;
const unc = /(?<![\\\w:.%)])\\{2,4}(?:[A-Za-z0-9._$-]{1,255}|\?)\\{1,2}/g;
const hives = "HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)|HK(?:LM|CU|CR|U|CC)";
const registry = new RegExp(`(?<![A-Za-z0-9_])(?:${hives}|\\\\REGISTRY\\\\(?:MACHINE|USER)):?\\\\{1,2}`, "gi");
const roots = [
  "bin|boot|data|dev|etc|export|home|lib|lib64|media|mnt|opt|private|proc|root|run|sbin|srv|sys|tmp|usr|var",
  "Applications|Library|System|Users|Volumes",
].join("|");
const inName = "[^\\s\"'`<>|;,&()[\\]{}*?$:\\\\";
const unix = new RegExp(`(?<![\\w./~%@#=?&+-])(?:~|/(?:${roots}))/${inName}/]${inName}]{0,1023}`, "gu");

const folder = /([^\\/:*?"<>|\p{Cc}]{1,128})(\\{1,2}|\/)/uy;
const leaf = /[^\\/:*?"<>|\s,;'`]{1,255}/uy;
/** Folders with blanks that often end a path. */
const wellKnown = /^(?:Program Files(?: \(x86\))?|Documents and Settings)(?![\w\\/])/i;
const MAX_PARTS = 64;
const MAX_WORDS = 5;
/** A sentence that goes on behind a path, not a folder's name: `C:\Temp and D`, `evil.exe then HKLM`. */
const sentence = /[.,;]\s|\.\w{1,5}\s|\s(?:and|or|to|in|on|at|from|then|by|via|with|und|oder|et)\s(?!Settings$)/;

/** Paths; a blank may stand in a folder's name, in the last name only between double quotes. */
export function findPaths(text: string): Hit[] {
  const hits: Hit[] = [];
  const add = (kind: Hit["kind"], pattern: RegExp) => {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const from = match.index + match[0].length;
      const end = quotedEnd(text, match.index, from) ?? partsEnd(text, from);
      if (end > from) hits.push({ kind, start: match.index, end });
      pattern.lastIndex = Math.max(from, end);
    }
  };
  add("file_path", drive);
  add("file_path", unc);
  add("registry_key", registry);
  for (const match of text.matchAll(unix)) {
    const path = match[0].replace(/[.!…]+$/, "");
    if (path !== "/dev/null") hits.push({ kind: "file_path", start: match.index, end: match.index + path.length });
  }
  return hits;
}

/** `"C:\Program Files\My App\run me.exe"`: to the closing quote, if what stands there is a path and not a command line. */
function quotedEnd(text: string, start: number, from: number): number | null {
  if (text[start - 1] !== '"') return null;
  const close = text.slice(from, from + 260).search(/["\r\n]/);
  if (close <= 0 || text[from + close] !== '"') return null;
  const inside = text.slice(from, from + close);
  return /[/:*?<>|]|\.\w{1,5}\s|^\s|\s$|\\$/.test(inside) ? null : from + close;
}

function partsEnd(text: string, from: number): number {
  let at = from;
  for (let part = 0; part < MAX_PARTS; part++) {
    folder.lastIndex = at;
    const match = folder.exec(text);
    const name = match?.[1] ?? "";
    if (!match || name !== name.trim() || name.split(" ").length > MAX_WORDS || sentence.test(name)) break;
    at += match[0].length;
  }
  leaf.lastIndex = at;
  let last = wellKnown.exec(text.slice(at, at + 32))?.[0] ?? leaf.exec(text)?.[0] ?? "";
  last = last.replace(/[.!…\]}]+$/, "");
  if (last.endsWith(")") && !last.includes("(")) last = last.replace(/[).]+$/, "");
  if (last !== "") return at + last.length;
  // The path ends with a folder: its last separator does not belong to it.
  const ended = text.slice(from, at).replace(/[\\/]+$/, "");
  return from + ended.length;
}
