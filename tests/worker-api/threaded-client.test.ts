// The client with a writer thread answers as the plain one does: rows, errors, order; and what is written is seen by the next read.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileClient } from "../../worker-api/file-client.ts";
import { threadedClient } from "../../worker-api/threaded-client.ts";
import { testFolder } from "./lab.ts";

function openBoth() {
  const file = { url: `file:${join(testFolder(), "x.db")}`, waitMs: 200 };
  const [plain, threaded] = [fileClient(file), threadedClient(file)];
  onTestFinished(() => {
    plain.close();
    threaded.close();
  });
  return { plain, threaded };
}

test("rows are the plain client's: by name, by place, as JSON; of every type; also with columns of one name or of an odd one", async () => {
  const { plain, threaded } = openBoth();
  await plain.execute("CREATE TABLE t (length TEXT, i INTEGER, r REAL, n TEXT, b BLOB)");
  const insert = {
    sql: 'INSERT INTO t VALUES (?, ?, ?, ?, ?) RETURNING i AS same, length, i + 1 AS same, r, n, b, 5 AS "0", 6 AS "__proto__"',
    args: ["long", 7, 1.5, null, new Uint8Array([1, 2])],
  };
  const [expected, got] = [await plain.execute(insert), await threaded.execute(insert)];
  expect(got.columns).toEqual(expected.columns);
  expect(got.columnTypes).toEqual(expected.columnTypes);
  const seen = ({ rows }: typeof got) =>
    rows.map((row) => [Array.prototype.slice.call(row), Object.entries(row), row.length, row.same, row[2]]);
  expect(seen(got)).toEqual(seen(expected));
  expect(JSON.stringify(got.rows)).toBe(JSON.stringify(expected.rows));
  const update = "UPDATE t SET i = 8";
  expect(await threaded.execute(update)).toMatchObject({ rowsAffected: 2, lastInsertRowid: 2n, rows: [] });
});

test("an error has its code and its words, a batch is all or nothing, and the next call works", async () => {
  const { plain, threaded } = openBoth();
  await threaded.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  const twice = ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"];
  const failureOf = (work: Promise<unknown>) =>
    work.then(() => null).catch(({ name, message, code, rawCode, statementIndex }) => ({ name, message, code, rawCode, statementIndex }));
  const failure = await failureOf(threaded.batch(twice, "write"));
  expect(failure).toMatchObject({ code: "SQLITE_CONSTRAINT" });
  expect(failure).toEqual(await failureOf(plain.batch(twice, "write")));
  expect(await failureOf(threaded.execute("INSERT INTO none VALUES (1)"))).toEqual(
    await failureOf(plain.execute("INSERT INTO none VALUES (1)")),
  );
  expect((await threaded.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(0);
  // What cannot be sent to the thread at all is refused as well.
  await expect(threaded.execute({ sql: "INSERT INTO t VALUES (?)", args: [(() => 1) as never] })).rejects.toThrow();
  await threaded.batch(["INSERT INTO t VALUES (2)", "SELECT 1"], "write");
  expect((await threaded.execute("WITH all_of AS (SELECT id FROM t) SELECT id FROM all_of")).rows[0]?.id).toBe(2);
});

test("without another process's lock calls are done in their order; a read waits for none of them", async () => {
  const { threaded } = openBoth();
  await threaded.execute("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER)");
  let written = 0;
  const writes = Array.from({ length: 50 }, async (_, n) => {
    await threaded.execute({ sql: "INSERT INTO t (n) VALUES (?)", args: [n] });
    written++;
  });
  await threaded.execute("SELECT * FROM t");
  expect(written).toBeLessThan(50);
  await Promise.all(writes);
  expect((await threaded.execute("SELECT n FROM t ORDER BY id")).rows.map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});

test("a query that writes is refused, not done beside the writer; interactive transactions are refused with what to do", async () => {
  const { threaded } = openBoth();
  await threaded.execute("CREATE TABLE t (id INTEGER)");
  await expect(threaded.execute("WITH one AS (SELECT 1 AS id) INSERT INTO t SELECT id FROM one")).rejects.toMatchObject({
    code: "SQLITE_READONLY",
  });
  await expect(threaded.transaction("write")).rejects.toThrow("one batch");
});

test("closing waits for what was asked before; then every call is refused", async () => {
  const { plain, threaded } = openBoth();
  await threaded.execute("CREATE TABLE t (id INTEGER)");
  const last = threaded.batch(["INSERT INTO t VALUES (1)"], "write");
  threaded.close();
  threaded.close();
  expect((await plain.execute("SELECT count(*) AS n FROM t")).rows[0]?.n).toBe(1);
  await last;
  expect(threaded.closed).toBe(true);
  for (const sql of ["SELECT 1", "INSERT INTO t VALUES (2)"])
    await expect(threaded.execute(sql)).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
});

test("a call that waits for another process's lock when the client is closed is answered", async () => {
  const { plain, threaded } = openBoth();
  await threaded.execute("CREATE TABLE t (id INTEGER)");
  const lock = await plain.transaction("write");
  const waiting = threaded.execute("INSERT INTO t VALUES (1)");
  waiting.catch(() => undefined);
  await new Promise((done) => setTimeout(done, 50));
  threaded.close();
  await expect(waiting).rejects.toMatchObject({ code: "SQLITE_BUSY" });
  await lock.rollback();
});

test("it keeps no process alive that has nothing to do", () => {
  const folder = testFolder();
  const script = join(folder, "script.mts");
  const client = new URL("../../worker-api/threaded-client.ts", import.meta.url);
  writeFileSync(
    script,
    `import { threadedClient } from "${client}";
    await threadedClient({ url: "file:${join(folder, "x.db")}", waitMs: 200 }).execute("CREATE TABLE t (id INTEGER)");`,
  );
  expect(spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", script], { timeout: 20_000 }).status).toBe(0);
});
