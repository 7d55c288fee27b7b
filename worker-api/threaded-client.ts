// A libSQL client over a file that reads at once and writes in a thread: a write waits for the disk, and no request need wait with it.
import { Worker } from "node:worker_threads";
import {
  type Client,
  type InArgs,
  type InStatement,
  LibsqlBatchError,
  LibsqlError,
  type ResultSet,
  type TransactionMode,
  type Value,
} from "@libsql/client";
import { type FileOptions, fileClient } from "./file-client.ts";

export interface Start {
  file: FileOptions;
  /** Its one number becomes 1 once the file is closed. */
  ended: Int32Array<SharedArrayBuffer>;
}
type Batch = Parameters<Client["batch"]>[0];
type Work = { execute: InStatement } | { batch: Batch; mode: TransactionMode | undefined };
export type Call = ({ id: number } & Work) | "close";
export type Plain = Pick<ResultSet, "columns" | "columnTypes" | "rowsAffected" | "lastInsertRowid"> & { rows: Value[][] };
interface Failure {
  message: string;
  code?: string;
  extendedCode?: string | undefined;
  rawCode?: number | undefined;
  /** Of a batch: the statement that failed. */
  statementIndex?: number | undefined;
}
export type Answer = { id: number; results: Plain[] } | { id: number; error: Failure };

/** How long closing waits for the calls before it; beyond that they are rejected, and may or may not be done. */
const CLOSE_MS = 5000;

/**
 * What only selects is read on a connection of this thread. Everything else is done on the one connection of the other thread, so that
 * nobody here ever waits for the write lock. With a write-ahead log each sees what the other has committed, and reading stops no writing.
 * If that thread fails the process ends with its error: nothing unwritten has been acknowledged, and whoever runs the server starts it again.
 * The tables must have been made; interactive transactions are not offered, since each would hold the one writer.
 */
export function threadedClient(file: FileOptions): Client {
  const here = fileClient({ ...file, readOnly: true });
  const start: Start = { file, ended: new Int32Array(new SharedArrayBuffer(4)) };
  const thread = new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData: start });
  const waiting = new Map<number, PromiseWithResolvers<ResultSet[]>>();
  let calls = 0;
  // Only while somebody waits for it may the thread keep the process alive: a start that failed must end.
  thread.unref();
  thread.on("message", (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) thread.unref();
    try {
      if ("error" in answer) throw errorOf(answer.error);
      call?.resolve(answer.results.map(resultOf));
    } catch (error) {
      call?.reject(error);
    }
  });
  thread.once("exit", () => {
    for (const { reject } of waiting.values()) reject(closedError());
  });

  async function there(work: Work): Promise<ResultSet[]> {
    if (here.closed) throw closedError();
    const id = ++calls;
    thread.postMessage({ id, ...work } satisfies Call);
    const answer = Promise.withResolvers<ResultSet[]>();
    waiting.set(id, answer);
    thread.ref();
    return answer.promise;
  }
  const refuse = () => Promise.reject(new Error("Send the statements as one batch"));
  return {
    async execute(statement: InStatement, args?: InArgs) {
      const whole = typeof statement === "string" && args ? { sql: statement, args } : statement;
      if (reads(whole)) return here.execute(whole);
      const [result] = await there({ execute: whole });
      if (!result) throw new Error("The thread answered with nothing");
      return result;
    },
    batch: (statements, mode) => (statements.every(reads) ? here.batch(statements, mode) : there({ batch: statements, mode })),
    transaction: refuse,
    migrate: refuse,
    executeMultiple: refuse,
    sync: () => here.sync(),
    reconnect: () => here.reconnect(),
    protocol: here.protocol,
    close() {
      if (here.closed) return;
      here.close();
      thread.postMessage("close" satisfies Call);
      Atomics.wait(start.ended, 0, 0, CLOSE_MS);
    },
    get closed() {
      return here.closed;
    },
  };
}

/** A query may begin with its common tables; that one of them writes would be noticed, by the connection that may only read. */
const reads = (statement: Batch[number]) =>
  /^\s*(select|with)\b/i.test(typeof statement === "string" ? statement : Array.isArray(statement) ? statement[0] : statement.sql);

const closedError = () => new LibsqlError("The client is closed", "CLIENT_CLOSED");

function errorOf({ message, code, extendedCode, rawCode, statementIndex }: Failure): Error {
  if (code === undefined) return new Error(message);
  return statementIndex === undefined
    ? new LibsqlError(message, code, extendedCode, rawCode)
    : new LibsqlBatchError(message, statementIndex, code, extendedCode, rawCode);
}

function resultOf({ rows, ...rest }: Plain): ResultSet {
  const NamedRow = rowClass(rest.columns);
  const lastInsertRowid = rest.lastInsertRowid?.toString() ?? null;
  return { ...rest, rows: rows.map((values) => new NamedRow(values)), toJSON: () => ({ ...rest, rows, lastInsertRowid }) };
}

/** For rows as the client makes them, by name and, hidden, by place. A class a result: places defined on each row cost as much as the write. */
function rowClass(columns: string[]) {
  const taken = new Set(["length", ...columns.map((_, place) => String(place))]);
  const names = [...columns.entries()].filter(([, name]) => !taken.has(name));
  class NamedRow {
    [column: string]: Value;
    declare readonly length: number;
    readonly #values: Value[];
    constructor(values: Value[]) {
      this.#values = values;
      for (const [place, name] of names) {
        // Of columns of one name, the first.
        if (Object.hasOwn(this, name)) continue;
        Object.defineProperty(this, name, { value: values[place] ?? null, enumerable: true, configurable: true, writable: true });
      }
    }
    static {
      for (const place of columns.keys())
        Object.defineProperty(NamedRow.prototype, place, {
          get(this: NamedRow) {
            return this.#values[place];
          },
        });
      Object.defineProperty(NamedRow.prototype, "length", { value: columns.length });
    }
  }
  return NamedRow;
}
