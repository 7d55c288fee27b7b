// Awaits of the client's code at which the simulator kills nobody, and why that is right.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Awaits that no world comes to, by file and line of code, and why that is right; at all others a kill must have been tried. */
const excused: readonly { file: RegExp; code: RegExp; why: string }[] = [
  {
    file: /^store\/(passage-cache|tab-reports|review-log|review-settings)\.ts$/,
    code: /./,
    why: "caches, lists and settings: not on the way of a decision",
  },
  {
    file: /^store\/connection\.ts$/,
    code: /fetch\(|storage\.local\.(set|remove)|response\.json/,
    why: "pairing is a person's act; the world writes what it would write",
  },
  {
    file: /^(review-host|store\/reviews)\.ts$/,
    code: /noteTagged|return prepareDecision/,
    why: "page reports and previews are not simulated",
  },
  {
    file: /^store\/sync\.ts$/,
    code: /bury\(|db\.transaction\("rw", \[db\.outbox, db\.dead\]|db\.dead\.put\(\{ id, bytes, decision, problem, at \}\)|^ {6}await db\.outbox\.where/,
    why: "the real server refuses rows, never a whole push for its content: tests/extension/store/sync.test.ts has that",
  },
];

/** True for an await that need not be come to. @param place `file:line:column` below extension/. */
export function isExcused(place: string): boolean {
  const [file = "", line = "1"] = place.split(":");
  const code = readFileSync(join(import.meta.dirname, "..", "..", "extension", file), "utf8").split("\n")[Number(line) - 1] ?? "";
  return excused.some((excuse) => excuse.file.test(file) && excuse.code.test(code));
}
