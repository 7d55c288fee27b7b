// A libSQL client over a file that reads at once and writes in a thread: a write waits for the disk, and no request need wait with it.
import { Worker } from "node:worker_threads";
import { type Client, type InArgs, type InStatement, LibsqlError, type ResultSet, type TransactionMode, type Value } from "@libsql/client";
import { type FileOptions, fileClient } from "./patient-client.ts";

export interface Start {
  file: FileOptions;
  /** Its one number becomes 1 once the file is closed. */
  ended: Int32Array<SharedArrayBuffer>;
}
type Batch = Parameters<Client["batch"]>[0];
export type Call = { id: number; execute: InStatement } | { id: number; batch: Batch; mode: TransactionMode | undefined } | "close";
export type Plain = Pick<ResultSet, "columns" | "columnTypes" | "rowsAffected" | "lastInsertRowid"> & { rows: Value[][] };
interface Failure {
  message: string;
  code?: string;
  extendedCode?: string | undefined;
  rawCode?: number | undefined;
}
export type Answer = { id: number; results: Plain[] } | { id: number; error: Failure };

/** How long closing waits for the calls before it. */
const CLOSE_MS = 5000;

/**
 * What only selects is read on a connection of this thread. Everything else is done in the other thread, one after the other, so that nobody
 * here ever waits for the write lock. With a write-ahead log each sees what the other has committed, and reading stops no writing.
 * If that thread fails the process ends with its error: nothing unwritten has been acknowledged, and who runs the server starts it again.
 * The tables must have been made; interactive transactions are not offered, since each would hold the one writer.
 */
export function threadedClient(file: FileOptions): Client {
  const here = fileClient({ ...file, readOnly: true });
  const start: Start = { file, ended: new Int32Array(new SharedArrayBuffer(4)) };
  const thread = new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData: start });
  const waiting = new Map<number, PromiseWithResolvers<ResultSet[]>>();
  let calls = 0;
  thread.on("message", (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("results" in answer) call?.resolve(answer.results.map(resultOf));
    else call?.reject(errorOf(answer.error));
  });

  async function there(work: { execute: InStatement } | { batch: Batch; mode: TransactionMode | undefined }): Promise<ResultSet[]> {
    if (here.closed) throw new LibsqlError("The client is closed", "CLIENT_CLOSED");
    const call: Call = { id: ++calls, ...work };
    thread.postMessage(call);
    const answer = Promise.withResolvers<ResultSet[]>();
    waiting.set(call.id, answer);
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

const errorOf = ({ message, code, extendedCode, rawCode }: Failure) =>
  code === undefined ? new Error(message) : new LibsqlError(message, code, extendedCode, rawCode);

function resultOf({ rows, ...rest }: Plain): ResultSet {
  const Made = rowClass(rest.columns);
  return { ...rest, rows: rows.map((values) => new Made(values)), toJSON: () => ({ ...rest, rows }) };
}

/** For rows as the client makes them, by name and, hidden, by place. A class a result: properties defined on each row would cost as much as the write. */
function rowClass(columns: string[]) {
  const names = [...columns.entries()].filter(([, name]) => name !== "length");
  class NamedRow {
    [column: string]: Value;
    declare readonly length: number;
    readonly #values: Value[];
    constructor(values: Value[]) {
      this.#values = values;
      // Of columns of one name, the first.
      for (const [place, name] of names) if (!Object.hasOwn(this, name)) this[name] = values[place] ?? null;
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
