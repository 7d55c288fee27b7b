// The real API on a real libSQL file: started, killed at an await or between, locked by another process, restored from an old copy.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, type Config, createClient, type Transaction, type TransactionMode } from "@libsql/client";
import type { DecisionView } from "../../shared/decisions.ts";
import { type Context, createContext, createGate, type Doom } from "./context.ts";
import type { Loop } from "./loop.ts";
import type { Gate, Runtime, Surroundings } from "./runtime.ts";

type AppModule = typeof import("../../worker-api/app.ts");
type DatabaseModule = typeof import("../../worker-api/database.ts");
type AccountsModule = typeof import("../../worker-api/accounts.ts");

/** A key and whose it is. */
export interface Account {
  key: string;
  user: { id: string; name: string; role: "analyst" | "lead" };
  org: { id: string; name: string };
}

/** One row of the server's history, read past the API. */
export interface TruthRow {
  id: string;
  /** Its author, and in which role. */
  userId: string;
  name: string;
  role: string;
  view: DecisionView;
}

export interface Server {
  start(): Promise<void>;
  kill(why: string): void;
  readonly running: boolean;
  serve(request: Request): Promise<Response>;
  /** Copies the database as it is now. */
  backup(): void;
  /** The backup takes the database's place, as another history. Only while it does not run. */
  restore(): Promise<void>;
  /** Another process writes for so long. */
  lock(ms: number): Promise<void>;
  /** A key stops to be good; the new one is. */
  changeKey(account: Account): Promise<void>;
  /** Whatever was restored: the account's key is good. */
  welcome(account: Account): Promise<void>;
  truth(): Promise<TruthRow[]>;
  clockOffset: number;
  now(): number;
  remove(): void;
}

interface ServerOptions {
  loop: Loop;
  runtime: Runtime;
  template: Template;
  doom: Doom;
  trueNow(): number;
}

/** A database with an org, its people and their keys: made once a thread. */
export interface Template {
  folder: string;
  accounts: { anna: Account; leo: Account };
}

/** Memory if there is some to write to: what is proved here is not the disk. */
export const newFolder = () => mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "sectag-sim-"));

/** With its log, which may hold the newest rows. Nobody may be writing; nobody may have the target open. */
function copyDatabase(from: string, to: string): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(to + end, { force: true });
  for (const end of ["", "-wal"]) if (existsSync(from + end)) copyFileSync(from + end, to + end);
}

/** The modules of a server that was not killed serve the next world too: to make them anew takes a while. */
interface Instance {
  load(file: string): Record<string, unknown>;
  through(gate: Gate): void;
  /** Closes the database as the end of a process does, whatever was open. */
  closeAll(): void;
}
let idle: Instance | null = null;

function newInstance(runtime: Runtime): Instance {
  const opened = new Set<Client>();
  const writing = new Set<Transaction>();
  let ended = 0;
  const create = (config: Config): Client => {
    const client = createClient(config);
    const begin = client.transaction.bind(client);
    const life = ended;
    // A closed connection keeps its lock until the garbage collector comes; the end of a process does not.
    client.transaction = async (mode?: TransactionMode) => {
      const transaction = await begin(mode ?? "write");
      if (life !== ended) transaction.close();
      writing.add(transaction);
      return transaction;
    };
    opened.add(client);
    return client;
  };
  let now: Gate = (_, awaited) => awaited;
  const surroundings = Object.fromEntries(
    [
      "Date",
      "Math",
      "crypto",
      "console",
      "performance",
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "fetch",
      "navigator",
      "indexedDB",
      "self",
    ].map((name) => [name, Reflect.get(globalThis, name)]),
  ) as Surroundings;
  const load = runtime.start({
    gate: (point, awaited) => now(point, awaited),
    surroundingsOf: () => surroundings,
    standIns: { "@libsql/client": { createClient: create } },
  });
  return {
    load,
    closeAll() {
      ended++;
      for (const transaction of writing) transaction.close();
      writing.clear();
      for (const client of opened) client.close();
      opened.clear();
    },
    through(gate) {
      now = gate;
    },
  };
}

export async function makeTemplate(runtime: Runtime, now: number): Promise<Template> {
  const folder = newFolder();
  const { load } = newInstance(runtime);
  const { openDatabase } = load("worker-api/database.ts") as DatabaseModule;
  const { createOrg, createUser, createKey } = load("worker-api/accounts.ts") as AccountsModule;
  const db = await openDatabase({ url: `file:${join(folder, "template.db")}` });
  const orgId = await createOrg(db, { name: "Example", now });
  const person = async (name: string, role: "analyst" | "lead"): Promise<Account> => {
    const { id: userId } = await createUser(db, { orgId, name, role, now });
    const scopes = role === "lead" ? (["review", "lead"] as const) : (["review"] as const);
    const { key } = await createKey(db, { orgId, userId, name: "simulator", scopes, expires: null, now });
    return { key, user: { id: userId, name, role }, org: { id: orgId, name: "Example" } };
  };
  const accounts = { anna: await person("Anna", "analyst"), leo: await person("Leo", "lead") };
  db.$client.close();
  return { folder, accounts };
}

export function createServer({ loop, runtime, template, doom, trueNow }: ServerOptions): Server {
  const folder = newFolder();
  const file = join(folder, "api.db");
  const saved = join(folder, "backup.db");
  const url = `file:${file}`;
  copyDatabase(join(template.folder, "template.db"), file);
  const digest = (text: string) => createHash("sha256").update(text).digest("hex");
  let life: {
    context: Context;
    fetch(request: Request): Response | Promise<Response>;
    instance: Instance;
    waiting: Set<() => void>;
  } | null = null;
  let starts = 0;
  let epochs = 0;

  /** Past the API, as an administrator works; waits while another process holds the lock. */
  const withClient = async <T>(work: (client: Client) => Promise<T>, tries = 120): Promise<T> => {
    const client = createClient({ url });
    try {
      return await work(client);
    } catch (error) {
      if (tries === 0 || !(error instanceof Error && error.message.includes("SQLITE_BUSY"))) throw error;
    } finally {
      client.close();
    }
    await loop.sleep(1000);
    return withClient(work, tries - 1);
  };
  const server: Server = {
    clockOffset: 0,
    now: () => trueNow() + server.clockOffset,
    get running() {
      return life !== null;
    },
    async start() {
      const context = createContext(`server${++starts}`, loop);
      const instance = idle ?? newInstance(runtime);
      idle = null;
      instance.through(createGate(context, loop, doom, runtime.points));
      const { openDatabase } = instance.load("worker-api/database.ts") as DatabaseModule;
      const { createApp } = instance.load("worker-api/app.ts") as AppModule;
      const waiting = new Set<() => void>();
      const died = new Promise<void>((resolve) => {
        context.onDeath(() => {
          life = null;
          instance.closeAll();
          for (const gone of waiting) gone();
          resolve();
        });
      });
      // A server that cannot open its database ends; whoever looks after it starts another.
      const db = await Promise.race([openDatabase({ url }).catch((error: unknown) => context.kill(String(error))), died]);
      if (!db || context.dead) return;
      const app = createApp({ db, now: server.now, digest });
      life = { context, fetch: (request) => app.fetch(request), instance, waiting };
      loop.trace.note(`${context.name} starts`);
    },
    kill(why) {
      life?.context.kill(why);
    },
    serve(request) {
      const now = life;
      if (!now) return Promise.reject(new Error("No server."));
      return new Promise((resolve, reject) => {
        const gone = () => reject(new Error("The server died."));
        now.waiting.add(gone);
        now.context
          .alive(Promise.resolve(now.fetch(request)))
          .then(resolve, reject)
          .finally(() => now.waiting.delete(gone));
      });
    },
    backup() {
      copyDatabase(file, saved);
    },
    async restore() {
      copyDatabase(saved, file);
      await withClient((client) =>
        client.execute({ sql: "UPDATE meta SET value = ? WHERE key = 'epoch'", args: [`restored-${++epochs}`] }),
      );
    },
    async lock(ms) {
      const client = createClient({ url });
      try {
        const transaction = await client.transaction("write");
        await loop.sleep(ms);
        await transaction.rollback();
      } catch {
        // The server itself is writing: then there is no lock this time.
      } finally {
        client.close();
      }
    },
    async changeKey(account) {
      const secret = digest(account.key).slice(0, 32);
      account.key = `stag_${secret}${digest(`sectag:${secret}`).slice(0, 6)}`;
      await server.welcome(account);
    },
    async welcome({ key, user }) {
      for (let tries = 1; ; tries++) {
        try {
          await withClient((client) => client.execute({ sql: "UPDATE keys SET hash = ? WHERE user_id = ?", args: [digest(key), user.id] }));
          return;
        } catch (error) {
          // Somebody writes.
          if (tries === 100) throw error;
          await loop.sleep(500);
        }
      }
    },
    truth: () =>
      withClient(async (client) => {
        const { rows } = await client.execute(
          "SELECT events.id, user_id, name, events.role, view FROM events JOIN users ON users.id = user_id WHERE kind = 'decision' ORDER BY seq",
        );
        return rows.map(({ id, user_id, name, role, view }) => ({
          id: String(id),
          userId: String(user_id),
          name: String(name),
          role: String(role),
          view: JSON.parse(String(view)) as DecisionView,
        }));
      }),
    remove() {
      if (life) {
        life.instance.closeAll();
        idle = life.instance;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server;
}
