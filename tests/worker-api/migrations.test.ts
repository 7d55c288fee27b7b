// Tables come up to date twice and by several processes at once without harm, and migrations are what schema.ts says.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { openDatabase } from "../../worker-api/database.ts";
import { schema } from "../../worker-api/schema.ts";
import { openLab, testFolder } from "./lab.ts";

test("opening again changes nothing: the same history, one row a migration", async () => {
  const url = `file:${join(testFolder(), "x.db")}`;
  const state = async () => {
    const db = await openDatabase({ url });
    const rows = await Promise.all(
      ["SELECT * FROM meta ORDER BY key", "SELECT hash FROM __drizzle_migrations"].map((sql) => db.$client.execute(sql)),
    );
    db.$client.close();
    return rows.map(({ rows }) => JSON.stringify(rows));
  };
  const first = await state();
  expect(await state()).toEqual(first);
  expect(JSON.parse(first[0] ?? "")).toHaveLength(2);
});

test("three processes at once on a new file: all succeed, one history", async () => {
  const folder = testFolder();
  const code = `
    import { openDatabase } from "./worker-api/database.ts";
    const db = await openDatabase({ url: "file:" + process.argv[1] });
    console.log((await db.$client.execute("SELECT group_concat(value) AS v, (SELECT count(*) FROM __drizzle_migrations) AS n FROM meta")).rows[0]);`;
  const run = () =>
    new Promise<string>((resolve) => {
      const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code, join(folder, "x.db")];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      const keep = (chunk: Buffer) => {
        output += chunk.toString();
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.on("close", (status) => resolve(`${status} ${output}`));
    });
  const outputs = await Promise.all(Array.from({ length: 3 }, run));
  const migrations = readdirSync("worker-api/migrations").filter((name) => name.endsWith(".sql")).length;
  expect(outputs[0]).toMatch(new RegExp(`^0 .*n: ${migrations}\\b`, "s"));
  expect(new Set(outputs).size).toBe(1);
}, 120_000);

test("the migrated tables have the columns and indexes of schema.ts", async () => {
  const { db } = await openLab();
  for (const table of Object.values(schema) as SQLiteTable[]) {
    const { name, columns, indexes } = getTableConfig(table);
    const { rows } = await db.$client.execute(`PRAGMA table_info(${name})`);
    expect(rows.map((row) => row.name)).toEqual(columns.map((column) => column.name));
    const { rows: present } = await db.$client.execute({
      sql: "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?",
      args: [name],
    });
    for (const { config } of indexes) expect(present.map((row) => row.name)).toContain(config.name);
  }
});
