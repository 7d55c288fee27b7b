// The decisions that have reached the API's database, waited for and printed as a table.
import { tagText } from "../shared/words.ts";
import { type ExportedDecision, readExport } from "./read-export.ts";
import { until } from "./until.ts";

/** Reads the export until it has as many decisions; what has not come within half a minute is left out. */
export async function waitForRows(baseUrl: string, key: string, wanted: number): Promise<ExportedDecision[]> {
  const read = () => readExport(baseUrl, key);
  return until(`${wanted} decisions in the database`, async () => ((await read()).length >= wanted ? read() : null), 30_000).catch(read);
}

/** A line a row, in the database's order. */
export function printRows(rows: readonly ExportedDecision[]): void {
  const none = { threatType: null, severity: null };
  console.log(`\n${rows.length} rows in libSQL, read by the API's export:`);
  console.log(`${"seq".padStart(5)}  ${"ticket".padEnd(12)}${"suggested".padEnd(38)}${"decided".padEnd(30)}${"verdict".padEnd(9)}by`);
  for (const { seq, reviewer, decision } of rows) {
    const { suggestion, final, verdict, ticket } = decision;
    const suggested = `${tagText(suggestion)}${suggestion.abstained ? " (not sure)" : ""}`;
    console.log(
      `${String(seq).padStart(5)}  ${ticket.key.padEnd(12)}${suggested.padEnd(38)}${tagText(final ?? none).padEnd(30)}${verdict.padEnd(9)}${reviewer.name}`,
    );
  }
  const counts = Object.entries(Object.groupBy(rows, ({ decision }) => decision.verdict));
  console.log(counts.map(([verdict, some]) => `${some?.length ?? 0} ${verdict}`).join(", "));
}
