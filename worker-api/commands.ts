// The operator's commands beside the server: backup, restore, orgs, keys, pair. Each prints what it did; errors are one sentence.
import { parseArgs } from "node:util";
import { eq } from "drizzle-orm";
import { z } from "zod";
import { Role, Scope } from "../shared/decisions.ts";
import { createKey, createOrg, createPairing, createUser, roleScopes } from "./accounts.ts";
import { backup, restore } from "./backup.ts";
import { type Config, originOf } from "./config.ts";
import { Name } from "./contract.ts";
import { openDatabase } from "./database.ts";
import { listKeys, revokeKey } from "./keys.ts";
import { pairingLink } from "./pair.ts";
import { type Database, keys, orgs } from "./schema.ts";

export interface Surroundings {
  config: Config;
  now: () => number;
  print: (line: string) => void;
}

export const usage = `npm run api                              the server
npm run api -- backup FILE               a copy of the database, also while the server runs
npm run api -- restore FILE              puts a copy back in place; stop the server first
npm run api -- orgs [create NAME]
npm run api -- pair --user NAME [--role analyst|lead|admin|service] [--minutes 60] [--org NAME]
npm run api -- keys [list]
npm run api -- keys create --user NAME --name WHAT [--scopes export,...] [--days 365] [--org NAME]
npm run api -- keys revoke ID
npm run api -- migrate                   brings the tables of SECTAG_DATABASE up to date`;

const DAY = 86_400_000;
const Days = z.coerce.number().int().min(1).max(3660);
const Minutes = z.coerce
  .number()
  .int()
  .min(1)
  .max(60 * 24 * 7);

/** @throws Error with a sentence for the operator. */
export async function runCommand(args: string[], { config, now, print }: Surroundings): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      user: { type: "string" },
      role: { type: "string" },
      org: { type: "string" },
      name: { type: "string" },
      scopes: { type: "string" },
      days: { type: "string" },
      minutes: { type: "string", default: "60" },
    },
  });
  const [command, ...rest] = positionals;
  if (command === "backup" || command === "restore") return copy(command, rest, { config, now, print });
  const open = () => openDatabase(config.database);
  const what = [command, ...rest.slice(0, 1)].join(" ");
  if (command === "migrate") {
    (await open()).$client.close();
    return print("The tables are up to date.");
  }
  if (command === "orgs") return runOrgs(await open(), rest, now(), print);
  if (command === "pair") {
    const db = await open();
    const user = await demandUser(db, { ...values, role: values.role ?? "analyst" }, now());
    const minutes = given("minutes", Minutes, values.minutes);
    const code = await createPairing(db, { ...user, scopes: roleScopes[user.role], expires: now() + minutes * 60_000 });
    return print(`For ${values.user} (${user.role}), once, within ${minutes} minutes:\n${pairingLink(originOf(config), code)}`);
  }
  if (what === "keys" || what === "keys list") {
    const db = await open();
    for (const { id, name } of await db.select().from(orgs)) {
      print(`${name}:`);
      for (const key of await listKeys(db, id)) {
        const state = key.revoked
          ? "revoked"
          : key.expires && Date.parse(key.expires) <= now()
            ? "expired"
            : `expires ${key.expires ?? "never"}`;
        print(
          `  ${key.id}  ${key.user.name} (${key.user.role})  ${key.scopes.join(",")}  ${state}  used ${key.lastUsed ?? "never"}  ${key.name}`,
        );
      }
    }
    return;
  }
  if (what === "keys create") {
    const db = await open();
    const user = await demandUser(db, { ...values, role: values.role ?? "service" }, now());
    const allowed = roleScopes[user.role];
    const scopes = values.scopes ? given("scopes", z.array(Scope), values.scopes.split(",")) : allowed;
    if (!scopes.every((scope) => allowed.includes(scope)))
      throw new Error(`A key of the role ${user.role} may have: ${allowed.join(", ")}.`);
    const expires = values.days ? now() + given("days", Days, values.days) * DAY : null;
    const { id, key } = await createKey(db, {
      ...user,
      name: given("name", Name, values.name),
      scopes,
      expires,
      now: now(),
    });
    return print(`Key ${id}, shown this once:\n${key}`);
  }
  if (what === "keys revoke") {
    const db = await open();
    const [row] = await db
      .select({ orgId: keys.orgId })
      .from(keys)
      .where(eq(keys.id, rest[1] ?? ""));
    if (!row) throw new Error(`There is no key ${rest[1] ?? ""}: see \`npm run api -- keys\`.`);
    await revokeKey(db, { orgId: row.orgId, id: rest[1] ?? "", now: now() });
    return print("Revoked.");
  }
  throw new Error(`There is no command "${what}". There are:\n${usage}`);
}

async function copy(command: "backup" | "restore", [path, ...rest]: string[], { config, now, print }: Surroundings): Promise<void> {
  if (!path || rest.length > 0) throw new Error(`Say one file: npm run api -- ${command} FILE`);
  const { file } = config;
  if (!file) throw new Error(`${command} is for an embedded database; a remote one is copied by who runs it.`);
  if (command === "backup") return print(`${await backup({ file, to: path })} bytes in ${path}.`);
  const old = await restore({ file, from: path, now: now() });
  print(`${file} is restored, as a new history: clients send again what they kept.${old ? ` The one before is ${old}.` : ""}`);
}

async function runOrgs(db: Database, [action, name]: string[], now: number, print: Surroundings["print"]): Promise<void> {
  if (action === "create") {
    await createOrg(db, { name: given("NAME", Name, name), now });
    return print("Made.");
  }
  for (const org of await db.select().from(orgs)) print(`${org.id}  ${org.name}`);
}

/** The named user of the named org (the only one, when none is named), made when needed. */
async function demandUser(db: Database, values: { user?: string | undefined; role: string; org?: string | undefined }, now: number) {
  const name = given("user", Name, values.user);
  const role = given("role", Role, values.role);
  const all = await db.select().from(orgs);
  const [org, another] = values.org === undefined ? all : all.filter((one) => one.name === values.org);
  if (!org) throw new Error("There is no such org: start the server once, or see `npm run api -- orgs`.");
  if (another) throw new Error(`Say which with --org: ${all.map((one) => one.name).join(", ")}.`);
  const user = await createUser(db, { orgId: org.id, name, role, now });
  return { orgId: org.id, userId: user.id, role: user.role };
}

function given<T extends z.ZodType>(what: string, schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Error(`--${what} is missing or wrong: ${parsed.error.issues[0]?.message}.`);
  return parsed.data;
}
