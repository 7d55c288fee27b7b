// Writes everything that is generated from the contract: shared/contract.schema.json. `--check` fails when it is stale instead.
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import * as contract from "../shared/contract.ts";
import * as decisions from "../shared/decisions.ts";
import * as release from "../shared/release.ts";

const target = new URL("../shared/contract.schema.json", import.meta.url);

/** One JSON Schema document (2020-12) with every exported shape under `$defs`. */
export function contractSchema(): string {
  const registry = z.registry<{ id: string }>();
  for (const [name, value] of Object.entries({ ...contract, ...decisions, ...release }).sort(([a], [b]) => (a < b ? -1 : 1)))
    if (value instanceof z.ZodType) registry.add(value, { id: name });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/$defs/${id}`, io: "input" });
  const $defs = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const { $schema: _dialect, $id: _id, ...rest } = schema as Record<string, unknown>;
      return [name, rest];
    }),
  );
  const document = { $schema: "https://json-schema.org/draft/2020-12/schema", title: "SecTag contract", $defs };
  return `${JSON.stringify(document, null, 2)}\n`;
}

if (import.meta.main ?? process.argv[1] === new URL(import.meta.url).pathname) {
  const fresh = contractSchema();
  if (process.argv.includes("--check")) {
    if (readFileSync(target, "utf8") !== fresh) {
      console.error("shared/contract.schema.json is stale: run `npm run gen` and commit it");
      process.exit(1);
    }
  } else writeFileSync(target, fresh);
}
