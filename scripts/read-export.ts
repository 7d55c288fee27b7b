// Reads the API's export: every decision that has reached the database, in its order.
import { ExportLine } from "../shared/decisions.ts";

export type ExportedDecision = Extract<ExportLine, { kind: "decision" }>;

/** @throws Error when the export broke off, which its last line tells. */
export async function readExport(baseUrl: string, key: string): Promise<ExportedDecision[]> {
  const response = await fetch(`${baseUrl}/v1/export`, { headers: { authorization: `Bearer ${key}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`The export answered ${response.status}: ${text}`);
  const lines = text
    .trim()
    .split("\n")
    .map((line) => ExportLine.parse(JSON.parse(line)));
  const decisions = lines.filter((line) => line.kind === "decision");
  const end = lines.at(-1);
  if (end?.kind !== "end" || end.count !== lines.length - 1) throw new Error("The export broke off");
  return decisions;
}
