// The thread that writes to the database's file. Started by threaded-client.ts alone.
import { parentPort, workerData } from "node:worker_threads";
import { LibsqlBatchError, LibsqlError, type ResultSet } from "@libsql/client";
import { fileClient } from "./file-client.ts";
import type { Answer, Call, Plain, Start } from "./threaded-client.ts";

const port = parentPort;
if (!port) throw new Error("Started by threaded-client.ts alone");
const { file, ended }: Start = workerData;
const client = fileClient(file);

/** A call that waits for another process's lock lets others pass. */
const underWay = new Set<Promise<void>>();

port.on("message", async (call: Call) => {
  if (call === "close") return close();
  const answered = answerTo(call).then((answer) => port.postMessage(answer));
  underWay.add(answered);
  await answered;
  underWay.delete(answered);
});

async function close(): Promise<void> {
  await Promise.all(underWay);
  client.close();
  port?.close();
  Atomics.store(ended, 0, 1);
  Atomics.notify(ended, 0);
}

async function answerTo(call: Exclude<Call, "close">): Promise<Answer> {
  const { id } = call;
  try {
    const results = "batch" in call ? await client.batch(call.batch, call.mode) : [await client.execute(call.execute)];
    return { id, results: results.map(plain) };
  } catch (error) {
    if (!(error instanceof LibsqlError)) return { id, error: { message: String(error) } };
    const { code, extendedCode, rawCode } = error;
    const statementIndex = error instanceof LibsqlBatchError ? error.statementIndex : undefined;
    // The class puts the code before the message, here and there.
    return { id, error: { message: error.message.replace(`${code}: `, ""), code, extendedCode, rawCode, statementIndex } };
  }
}

/** A message carries neither classes nor hidden properties, and rows have both. */
const plain = ({ columns, columnTypes, rows, rowsAffected, lastInsertRowid }: ResultSet): Plain => ({
  columns,
  columnTypes,
  rows: rows.map((row) => Array.from(row)),
  rowsAffected,
  lastInsertRowid,
});
