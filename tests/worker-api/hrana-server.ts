// A stand-in for a remote libSQL server: Hrana over HTTP, version 2 in JSON, as far as @libsql/client asks it, before a real libSQL file.
import { createServer, type IncomingMessage } from "node:http";
import Database from "libsql";
import { onTestFinished } from "vitest";
import { z } from "zod";

const Value = z.discriminatedUnion("type", [
  z.object({ type: z.literal("null") }),
  z.object({ type: z.literal("integer"), value: z.string() }),
  z.object({ type: z.literal("float"), value: z.number() }),
  z.object({ type: z.literal("text"), value: z.string() }),
]);
const Statement = z.object({ sql: z.string().optional(), sql_id: z.int().optional(), args: z.array(Value).default([]) });
type Condition = { type: "ok" | "error"; step: number } | { type: "not"; cond: Condition };
const Condition: z.ZodType<Condition> = z.union([
  z.object({ type: z.enum(["ok", "error"]), step: z.int() }),
  z.object({ type: z.literal("not"), cond: z.lazy(() => Condition) }),
]);
const Ask = z.discriminatedUnion("type", [
  z.object({ type: z.literal("close") }),
  z.object({ type: z.literal("execute"), stmt: Statement }),
  z.object({ type: z.literal("sequence"), sql: z.string() }),
  z.object({ type: z.literal("store_sql"), sql_id: z.int(), sql: z.string() }),
  z.object({ type: z.literal("close_sql"), sql_id: z.int() }),
  z.object({
    type: z.literal("batch"),
    batch: z.object({ steps: z.array(z.object({ condition: Condition.optional(), stmt: Statement })) }),
  }),
]);
const Pipeline = z.object({ baton: z.string().nullish(), requests: z.array(Ask) });

const toSql = (value: z.infer<typeof Value>) =>
  value.type === "null" ? null : value.type === "integer" ? BigInt(value.value) : value.value;
function fromSql(value: unknown) {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: String(value) };
  return typeof value === "number" ? { type: "float", value } : { type: "text", value: String(value) };
}

/** A connection with the statements that its client has stored in it. */
interface Stream {
  connection: Database.Database;
  stored: Map<number, string>;
}

function execute({ connection, stored }: Stream, { sql, sql_id, args }: z.infer<typeof Statement>) {
  const statement = connection.prepare(sql ?? stored.get(sql_id ?? -1) ?? "");
  const values = args.map(toSql);
  statement.safeIntegers(true);
  try {
    statement.raw(true);
  } catch {
    const { changes } = statement.run(values);
    return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: null };
  }
  const cols = statement.columns().map(({ name, type }) => ({ name, decltype: type }));
  const rows = z.array(z.array(z.unknown())).parse(statement.all(values));
  return { cols, rows: rows.map((row) => row.map(fromSql)), affected_row_count: 0, last_insert_rowid: null };
}

const errorOf = (error: unknown) => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "SQLITE_ERROR";
  return { message: error instanceof Error ? error.message : "", code };
};

function batch(stream: Stream, steps: { condition?: Condition | undefined; stmt: z.infer<typeof Statement> }[]) {
  const results: (ReturnType<typeof execute> | null)[] = [];
  const errors: (ReturnType<typeof errorOf> | null)[] = [];
  const holds = (condition: Condition): boolean =>
    condition.type === "not" ? !holds(condition.cond) : Boolean((condition.type === "ok" ? results : errors)[condition.step]);
  for (const [index, { condition, stmt }] of steps.entries()) {
    results[index] = errors[index] = null;
    if (condition && !holds(condition)) continue;
    try {
      results[index] = execute(stream, stmt);
    } catch (error) {
      errors[index] = errorOf(error);
    }
  }
  return { step_results: results, step_errors: errors };
}

function answer(stream: Stream, ask: z.infer<typeof Ask>): object {
  if (ask.type === "execute") return { type: ask.type, result: execute(stream, ask.stmt) };
  if (ask.type === "batch") return { type: ask.type, result: batch(stream, ask.batch.steps) };
  if (ask.type === "store_sql") stream.stored.set(ask.sql_id, ask.sql);
  if (ask.type === "sequence") stream.connection.exec(ask.sql);
  return { type: ask.type };
}

/** @returns its address and what stops it. `token`: what clients must send. */
export async function startHranaServer({ file, token }: { file: string; token: string }): Promise<{ url: string; stop(): Promise<void> }> {
  const streams = new Map<string, Stream>();
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end();
    if (request.url !== "/v2/pipeline") return response.writeHead(404).end();
    const { baton, requests } = Pipeline.parse(JSON.parse(await textOf(request)));
    const id = baton ?? crypto.randomUUID();
    const stream = streams.get(id) ?? { connection: new Database(file), stored: new Map<number, string>() };
    streams.set(id, stream);
    const results = requests.map((ask) => {
      try {
        return { type: "ok", response: answer(stream, ask) };
      } catch (error) {
        return { type: "error", error: errorOf(error) };
      }
    });
    const closed = requests.some(({ type }) => type === "close");
    if (closed) {
      streams.delete(id);
      stream.connection.close();
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ baton: closed ? null : id, base_url: null, results }));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  async function stop() {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, stop };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
