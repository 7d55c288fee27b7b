// The line with which a training ends is found among everything that the trainer and Airflow print.
import { expect, test } from "vitest";
import { runLine } from "../../scripts/trainer-process.ts";

const made = { ok: true, made: "2026.48.2", model: "/runs/export-1/model", gate: true };
const written = (line: object) => JSON.stringify(line).replaceAll(":", ": ").replaceAll(",", ", ");

test("the last line that made a model counts, also behind a prefix, with what is nested in it", () => {
  const newest = { tickets: 51, before: 20, after: 46 };
  const output = [
    '{"ok": true, "new": 3, "made": null}',
    `[gate] ${written({ ...made, published: false, until: "gate" })}`,
    `[2026-11-26] INFO - ${written({ ...made, published: true, newest })}`,
    "DagRun Finished {}",
  ];
  expect(runLine(output.join("\n"))).toEqual({ ...made, published: true, newest });
});

test("a model that was stopped is no result", () => {
  expect(() => runLine(written({ ...made, ok: false, gate: false, published: false }))).toThrow("Nothing was published");
  expect(() => runLine("nothing")).toThrow("no result");
});
