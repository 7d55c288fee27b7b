// Typed view of labels.json, the one label list, and the combined tag (`malware_high`) made of it.
import labels from "./labels.json" with { type: "json" };

export const threatTypeIds = [
  "benign",
  "vulnerability",
  "phishing",
  "malware",
  "ransomware",
  "credential_attack",
  "exploitation",
  "intrusion",
  "denial_of_service",
  "insider_misuse",
  "data_exposure",
  "lost_stolen_asset",
  "device_tampering",
] as const;
export const severityIds = ["low", "medium", "high", "critical"] as const;
export const entityIds = [
  "Malware",
  "ThreatActor",
  "Tool",
  "AttackPattern",
  "Vulnerability",
  "Indicator",
  "System",
  "Organization",
  "Location",
] as const;
export const indicatorIds = [
  "cve",
  "cwe",
  "attack",
  "ipv4",
  "ipv6",
  "domain",
  "url",
  "email",
  "md5",
  "sha1",
  "sha256",
  "sha512",
  "registry_key",
  "file_path",
] as const;

type ThreatTypeId = (typeof threatTypeIds)[number];
type SeverityId = (typeof severityIds)[number];

export interface LabelStyle {
  color: { light: string; dark: string };
  /** A second mark beside the colour: a glyph for tags, a `text-decoration-style` for spans. */
  mark: string;
}
export interface Label extends LabelStyle {
  id: string;
  name: string;
  description: string;
  machineTags: string[];
  since: number;
}

export const labelsVersion: number = labels.version;
export const threatTypes: readonly Label[] = labels.threatTypes;
export const severities: readonly Label[] = labels.severities;
export const entities: readonly Label[] = labels.entities;
export const indicators: readonly { id: string; name: string; mispType: string; since: number }[] = labels.indicators;
export const indicatorStyle: LabelStyle = labels.indicatorStyle;

/** `malware`, `high` -> `malware_high`: the tag that people and other systems see. */
export function combinedTag(threatType: ThreatTypeId, severity: SeverityId): string {
  return `${threatType}_${severity}`;
}

/** `malware`, `high` -> 14: threatIndex * 4 + severityIndex; stable for ever, the same in Python (`trainer/labels.py`). */
export function combinedId(threatType: ThreatTypeId, severity: SeverityId): number {
  return threatTypeIds.indexOf(threatType) * severityIds.length + severityIds.indexOf(severity);
}

/** The way back: 14 -> `malware`, `high`. @throws RangeError for an id that no pair has. */
export function fromCombinedId(id: number): { threatType: ThreatTypeId; severity: SeverityId } {
  const threatType = threatTypeIds[Math.floor(id / severityIds.length)];
  const severity = severityIds[id % severityIds.length];
  if (!Number.isInteger(id) || threatType === undefined || severity === undefined) {
    throw new RangeError(`No tag has the id ${id}; ids go from 0 to ${threatTypeIds.length * severityIds.length - 1}`);
  }
  return { threatType, severity };
}

/** Display name and style of a span's label, for entities and rule-found indicators alike. */
export function spanStyle(id: string): LabelStyle & { name: string } {
  const entity = entities.find((label) => label.id === id);
  if (entity) return entity;
  const indicator = indicators.find((label) => label.id === id);
  return { ...indicatorStyle, name: indicator?.name ?? id };
}

export function threatTypeLabel(id: string): Label | undefined {
  return threatTypes.find((label) => label.id === id);
}

export function severityLabel(id: string): Label | undefined {
  return severities.find((label) => label.id === id);
}
