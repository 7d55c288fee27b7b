// Sends the decisions of the trainer's `scenario` to the API, each reviewer's by a key of their own, as browsers would.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Decision, limits, PushResponse } from "../shared/decisions.ts";
import type { ApiProcess } from "./api-process.ts";

const Row = z.object({ reviewer: z.string(), decision: Decision });

/** @param scene folder that `trainer scenario` wrote. @throws Error when the API does not take all of them. */
export async function sendScenario(api: ApiProcess, scene: string): Promise<z.infer<typeof Row>[]> {
  const rows = linesOf(join(scene, "decisions.jsonl"), Row);
  for (const [reviewer, theirs] of Map.groupBy(rows, (row) => row.reviewer))
    await push(
      api.baseUrl,
      await api.key(reviewer, "analyst", "review"),
      theirs.map(({ decision }) => decision),
    );
  return rows;
}

/** The values of a file with one JSON value a line. @throws ZodError when one has another shape. */
export function linesOf<T>(file: string, shape: z.ZodType<T>): T[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => shape.parse(JSON.parse(line)));
}

async function push(baseUrl: string, key: string, decisions: readonly Decision[]): Promise<void> {
  for (const events of batchesOf(decisions)) {
    const response = await fetch(`${baseUrl}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({ events }),
    });
    if (!response.ok) throw new Error(`The API answered ${response.status}: ${await response.text()}`);
    const { results } = PushResponse.parse(await response.json());
    const bad = results.find(({ status }) => status === "rejected");
    if (bad) throw new Error(`A decision was not taken: ${JSON.stringify(bad)}`);
  }
}

/** Half of what a push may have, by the longest decision: far from the limit, and simple. */
function batchesOf(decisions: readonly Decision[]): Decision[][] {
  const longest = Math.max(1, ...decisions.map((one) => JSON.stringify(one).length));
  const most = Math.min(limits.batch, Math.max(1, Math.floor(limits.batchBytes / 2 / longest)));
  return Array.from({ length: Math.ceil(decisions.length / most) }, (_, at) => decisions.slice(at * most, (at + 1) * most));
}
