// Awaits of the client's code at which the simulator kills nobody, and why that is right.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Awaits that no world comes to, by file and line of code, and why that is right; at all others a kill must have been tried. */
export const excuses: readonly { file: RegExp; code: RegExp; why: string }[] = [
  {
    file: /^store\/(passage-cache|tab-reports|review-settings)\.ts$/,
    code: /./,
    why: "caches, lists and settings: not on the way of a decision",
  },
  {
    file: /^store\/write-back\.ts$/,
    code: /./,
    why: "what was written to tickets: off by default, beside the decisions, and nobody writes here",
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
    file: /^tell-pages\.ts$/,
    code: /allTabs|tabs\.query/,
    why: "settings and selectors: not on the way of a decision",
  },
  {
    file: /^store\/apply-page\.ts$/,
    code: /delete\("epoch"\)|"elsewhere"/,
    why: "a browser goes to another org's server, or to another person: one transaction, and the world has neither",
  },
  {
    file: /^store\/mirror\.ts$/,
    code: /db\.dead\.put/,
    why: "of a lost database only a damaged second copy is left: one transaction, and three troubles in one world",
  },
  {
    file: /^store\/review-log\.ts$/,
    code: /db\.(tickets|suggestions|reviews)\b|ticketIdOf|db\.dead\.(orderBy|delete\(id\))|(waiting|dead) = new Set|\[pending, dead, status\]|JSON\.stringify|bulkGet/,
    why: "lists for pages, tickets that were seen, and the giving up of one refused decision by a person",
  },
];

/** True for an await that need not be come to. @param place `file:line:column` below extension/. */
export function isExcused(place: string): boolean {
  const [file = "", line = "1"] = place.split(":");
  const code = readFileSync(join(import.meta.dirname, "..", "..", "extension", file), "utf8").split("\n")[Number(line) - 1] ?? "";
  return excuses.some((excuse) => excuse.file.test(file) && excuse.code.test(code));
}
