// Which keys turn a proposed tag into the one that a person thinks right: one to agree, at most three to correct.
import type { Severity, Suggestion, ThreatType } from "../shared/contract.ts";
import { severityIds, threatTypeIds } from "../shared/labels.ts";
import { choiceKeys, type KeyMap } from "../shared/review.ts";

export interface Tag {
  threatType: ThreatType;
  severity: Severity;
}

export interface Keys {
  /** Names of keys as `page.keyboard.press` takes them. */
  keys: string[];
  /** The proposal is taken as it is. */
  agrees: boolean;
}

/** An ordinary ticket's severity says nothing, so it is not asked for. */
export function keysFor(proposed: Pick<Suggestion, "threatType" | "severity" | "abstained">, wanted: Tag, map: KeyMap): Keys {
  const sameType = !proposed.abstained && proposed.threatType === wanted.threatType;
  if (sameType && (wanted.threatType === "benign" || proposed.severity === wanted.severity)) return { keys: [map.accept], agrees: true };
  if (wanted.threatType === "benign") return { keys: [map.notSecurity], agrees: false };
  const severityKey = choiceKeys[severityIds.indexOf(wanted.severity)] ?? "";
  if (sameType) return { keys: [map.severity, severityKey], agrees: false };
  const typeKey = choiceKeys[threatTypeIds.indexOf(wanted.threatType)] ?? "";
  return { keys: [map.type, typeKey, severityKey], agrees: false };
}
