// The fault proxy of IndexedDB: taps fake-indexeddb where requests run and transactions end, so that a world can fail, abort or undo them.

import { IDBDatabase, IDBFactory, IDBObjectStore, IDBTransaction } from "fake-indexeddb";
import type { Context } from "./context.ts";

/** The parts of fake-indexeddb's objects that are used here (6.2.8; a test fails when they change). */
export interface RawTransaction {
  mode: "readonly" | "readwrite" | "versionchange";
  durability: "default" | "strict" | "relaxed";
  db: RawConnection;
  _state: "active" | "inactive" | "committing" | "finished";
  _started: boolean;
  _scope: ReadonlySet<string>;
  _requests: { request: { readyState: string } }[];
  _rollbackLog: (() => void)[];
  _abort(name: string | null): void;
  addEventListener(type: "complete", listener: () => void): void;
}
export interface RawConnection {
  _closed: boolean;
  _closePending: boolean;
  _rawDatabase: RawDatabase;
  close(): void;
}
export interface RawDatabase {
  name: string;
  version: number;
  transactions: RawTransaction[];
  connections: RawConnection[];
  rawObjectStores: Map<string, { records: { values(): Iterable<{ value: unknown }> } }>;
}
export type RawDatabases = Map<string, RawDatabase>;

/** What a connection's owner decides about it; each returns the name of a DOMException, or null for "go on". */
export interface IdbFaults {
  /** At `transaction()`. */
  atTransaction(): string | null;
  /** At a request; `writes` for put and add. */
  atRequest(writes: boolean): string | null;
  /** When everything was done and the commit is due. */
  atCommit(transaction: RawTransaction): string | null;
  committed(transaction: RawTransaction): void;
}

const owners = new WeakMap<object, IdbFaults>();
/** Connections that their contexts have got. */
const handedOut = new WeakSet<object>();
export const isInUse = (connection: RawConnection): boolean => handedOut.has(connection) && !connection._closePending;
/** Requests that put and add make, while they make them. */
let writing = false;

/** Where the databases of one browser are. */
export interface Disk {
  readonly databases: RawDatabases;
  readonly queues: Map<string, unknown>;
  /** Names of databases that do not open any more. */
  readonly corrupt: ReadonlySet<string>;
}

/** What stands between a database's name and the context that uses it. */
export const contextMark = "#context ";
const unmarked = (name: string) => name.split(contextMark)[0] ?? name;

/** A factory of one context over databases that it shares with the others of its browser. What is open ends with the context. */
export function createFactory(disk: Disk, context: Context, owner: IdbFaults & { atOpen(): string | null }): IDBFactory {
  const factory = Object.assign(new IDBFactory(), { _databases: disk.databases, _connectionQueues: disk.queues });
  const open = factory.open.bind(factory);
  const remove = factory.deleteDatabase.bind(factory);
  factory.deleteDatabase = (marked) => remove(unmarked(marked));
  const own = (connection: RawConnection) => {
    owners.set(connection, owner);
    if (context.dead) end(connection);
    else context.onDeath(() => end(connection));
  };
  factory.open = (marked, version) => {
    const name = unmarked(marked);
    const fault = disk.corrupt.has(name) ? "UnknownError" : owner.atOpen();
    const request = fault ? failing(fault) : open(name, version);
    request.addEventListener("upgradeneeded", () => {
      own(request.result as unknown as RawConnection);
      const transaction = request.transaction as unknown as RawTransaction;
      transaction.addEventListener("complete", () => owner.committed(transaction));
    });
    request.addEventListener("success", () => {
      own(request.result as unknown as RawConnection);
      handedOut.add(request.result);
    });
    return request;
  };
  return factory;
}

/** As the browser does when a context dies: what is committed stays, what is open is undone. */
function end(connection: RawConnection): void {
  for (const transaction of connection._rawDatabase.transactions)
    if (transaction.db === connection && transaction._state !== "finished") transaction._abort("AbortError");
  connection.close();
}

/** An open request that ends in an error event: of a factory where the name is taken by a newer version, with another error put in. */
function failing(name: string) {
  const request = Object.assign(new IDBFactory(), { _databases: new Map([["taken", { version: 2 }]]) }).open("taken", 1);
  const error = new DOMException("The simulator lets this fail.", name);
  request.addEventListener("error", () => Object.defineProperty(request, "error", { value: error }));
  return request;
}

/** Taps the classes, once a thread. */
export function hookIndexedDb(): void {
  const factoryTransaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof factoryTransaction>) {
    const owner = owners.get(this);
    const fault = owner?.atTransaction();
    if (fault) throw new DOMException("The simulator lets this fail.", fault);
    const transaction = factoryTransaction.apply(this, args);
    if (owner) transaction.addEventListener("complete", () => owner.committed(transaction as unknown as RawTransaction));
    return transaction;
  };
  for (const method of ["put", "add"] as const) {
    const original = IDBObjectStore.prototype[method];
    IDBObjectStore.prototype[method] = function (this: IDBObjectStore, ...args: Parameters<typeof original>) {
      writing = true;
      try {
        return original.apply(this, args);
      } finally {
        writing = false;
      }
    };
  }
  hookTransactions();
}

interface Asked {
  operation(): unknown;
  source: unknown;
  request?: unknown;
}

function hookTransactions(): void {
  const prototype = IDBTransaction.prototype as unknown as {
    _execRequestAsync(this: RawTransaction, asked: Asked): unknown;
    _start(this: RawTransaction): void;
  };
  const { _execRequestAsync: ask, _start: start } = prototype;
  prototype._execRequestAsync = function (asked) {
    // Without a source it is the making of an index, which has no event to fail with.
    const fault = asked.source ? owners.get(this.db)?.atRequest(writing) : null;
    if (!fault) return ask.call(this, asked);
    const fail = () => {
      throw new DOMException("The simulator lets this fail.", fault);
    };
    return ask.call(this, { ...asked, operation: fail });
  };
  prototype._start = function () {
    const done = this._started && this._state !== "finished" && this._requests.every(({ request }) => request.readyState === "done");
    const fault = done && this.mode !== "readonly" ? owners.get(this.db)?.atCommit(this) : null;
    if (fault) this._abort(fault);
    else start.call(this);
  };
}
