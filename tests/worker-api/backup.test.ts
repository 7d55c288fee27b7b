// Backup while the server runs, restore as a new history, and the operator's commands: what they do, and one sentence when they cannot.
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EventPage, PairResponse, PushResponse } from "../../shared/decisions.ts";
import { backup, restore } from "../../worker-api/backup.ts";
import { runCommand } from "../../worker-api/commands.ts";
import { readConfig } from "../../worker-api/config.ts";
import { pairWith, pushTo, runChild, startChild } from "./child-server.ts";
import { decision } from "./decisions.ts";
import { openLab, testFolder } from "./lab.ts";

const LONG = 180_000;

test("backup beside the running server, restore, new epoch: old cursors are 410, what came since is sent again, none is doubled", {
  timeout: LONG,
}, async () => {
  const folder = testFolder();
  const [file, copy] = [join(folder, "deep", "x.db"), join(folder, "copy.db")];
  const server = await startChild(file);
  const key = await pairWith(server.origin, await server.code);
  const push = async (origin: string, ...events: unknown[]) => PushResponse.parse(await (await pushTo(origin, key, events)).json());
  const pull = (origin: string, query = "") => fetch(`${origin}/v1/events${query}`, { headers: { authorization: `Bearer ${key}` } });
  const [first, second] = [decision(), decision()];
  const { epoch } = await push(server.origin, first);
  const { next } = EventPage.parse(await (await pull(server.origin)).json());

  expect(await runChild(file, "backup", copy)).toMatchObject({ code: 0, err: "" });
  expect(statSync(copy).mode & 0o077).toBe(0);
  await push(server.origin, second);
  expect(await runChild(file, "restore", copy)).toEqual({ code: 1, out: "", err: `${file} is in use: stop the server first.\n` });
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(existsSync(`${file}-wal`)).toBe(false);
  expect((await runChild(file, "restore", copy)).out).toContain("as a new history");
  expect(readdirSync(join(folder, "deep")).map((name) => name.replace(/\d{10,}/, "T"))).toEqual(["x.db", "x.db.before-restore-T"]);

  const again = await startChild(file);
  expect((await pull(again.origin, `?after=${next}`)).status).toBe(410);
  const pushed = await push(again.origin, first, second);
  expect(pushed.epoch).not.toBe(epoch);
  expect(pushed.results.map(({ status }) => status)).toEqual(["duplicate", "stored"]);
});

test("restore changes nothing when the copy is damaged, cut, empty or something else; backup overwrites nothing", async () => {
  const folder = testFolder();
  const [file, copy] = [join(folder, "x.db"), join(folder, "copy.db")];
  const { push, pull, analyst } = await openLab({ url: `file:${file}` });
  for (let batch = 0; batch < 5; batch++) await push(analyst.key, ...Array.from({ length: 100 }, () => decision()));
  await backup({ file, to: copy });
  await expect(backup({ file, to: copy })).rejects.toThrow("is there already");
  await expect(backup({ file: join(folder, "none.db"), to: join(folder, "y.db") })).rejects.toThrow("There is no database");
  truncateSync(copy, Math.floor(statSync(copy).size / 2 / 4096) * 4096);
  const [text, empty] = [join(folder, "text"), join(folder, "empty")];
  writeFileSync(text, "hello ".repeat(10_000));
  writeFileSync(empty, "");
  const target = join(folder, "new.db");
  for (const from of [copy, text, empty, join(folder, "none")]) {
    await expect(restore({ file: target, from, now: 1 }), from).rejects.toThrow(/damaged|no database|no file/);
    expect(existsSync(target)).toBe(false);
  }
  expect((await pull(analyst.key)).events).toHaveLength(500);
});

test("commands on the database of a running app: orgs, keys and pairing work at once", async () => {
  const file = join(testFolder(), "x.db");
  const { call, refusal, service } = await openLab({ url: `file:${file}` });
  const config = readConfig({ SECTAG_DATABASE: file });
  async function run(...command: string[]) {
    const lines: string[] = [];
    await runCommand(command, { config, now: Date.now, print: (line) => lines.push(line) });
    return lines.join("\n");
  }
  const made = await run("keys", "create", "--user", "trainer", "--name", "nightly", "--scopes", "export", "--days", "30");
  const [key = "", id = ""] = [/stag_\w+/.exec(made)?.[0], /Key ([0-9a-f-]{36})/.exec(made)?.[1]];
  expect((await call("/v1/export", { key })).status).toBe(200);
  expect(await run("keys")).toMatch(new RegExp(`${id} {2}trainer \\(service\\) {2}export {2}expires .*nightly`));
  expect(await run("keys", "revoke", id)).toBe("Revoked.");
  expect(await refusal(call("/v1/export", { key }))).toMatchObject({ status: 401 });
  expect((await call("/v1/export", { key: service.key })).status).toBe(200);
  expect(await run("keys", "list")).toContain("revoked");

  const code = /http:\/\/127\.0\.0\.1:8787\/pair#(\w+)/.exec(await run("pair", "--user", "Ada", "--role", "lead"))?.[1];
  const paired = PairResponse.parse(await (await call("/v1/pair", { body: { code, client: "test" } })).json());
  expect(paired.me).toMatchObject({ user: { name: "Ada", role: "lead" }, org: { name: "Blue team" } });

  await run("orgs", "create", "Red team");
  expect(await run("orgs")).toMatch(/Blue team\n.*Red team/);
  await expect(run("pair", "--user", "Eve")).rejects.toThrow("Say which with --org: Blue team, Red team.");
  expect(await run("pair", "--user", "Eve", "--org", "Red team")).toContain("For Eve (analyst)");
  expect(await run("migrate")).toBe("The tables are up to date.");
});

test("what the operator gets wrong is said in one sentence", { timeout: LONG }, async () => {
  const file = join(testFolder(), "x.db");
  const surroundings = { config: readConfig({ SECTAG_DATABASE: file }), now: Date.now, print: () => undefined };
  const wrong: [string[], RegExp][] = [
    [["nonsense"], /^There is no command "nonsense"/],
    [["backup"], /^Say one file/],
    [["backup", "/nowhere/x"], /^There is no database/],
    [["pair"], /^--user is missing or wrong/],
    [["pair", "--user", "Ada", "--role", "king"], /^--role is missing or wrong/],
    [["pair", "--user", "Ada"], /^There is no such org/],
    [["keys", "revoke", "x"], /^There is no key x/],
    [["--nonsense"], /^Unknown option/],
  ];
  for (const [command, sentence] of wrong) await expect(runCommand(command, surroundings), command.join(" ")).rejects.toThrow(sentence);
  const { code, out, err } = await runChild(file, "backup");
  expect({ code, out, err }).toEqual({ code: 1, out: "", err: "Say one file: npm run api -- backup FILE\n" });
});
