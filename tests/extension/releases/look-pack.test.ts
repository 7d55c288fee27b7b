// Looking for a selector pack: what is taken, what is refused and why, and that a refused one changes nothing that is in use.
import { expect, test } from "vitest";
import { packInUse } from "../../../extension/releases/pack-state.ts";
import { signRelease } from "../../../scripts/sign-release.ts";
import { packBytes } from "../../../shared/selector-pack.ts";
import { canonicalJson } from "../../../shared/signed-envelope.ts";
import { createPackMachine, createPackServer, packKey, packOf, signPack, stranger, today } from "./pack-lab.ts";

const day = 86_400_000;
async function begun() {
  const server = createPackServer();
  const machine = await createPackMachine(server);
  const inUse = async (pin: string | null = null, now = today) => packInUse(await machine.state.read(), pin, now)?.counter ?? null;
  return { server, machine, inUse };
}
/** Pack 5 is in use. */
async function with5() {
  const lab = await begun();
  lab.server.publish(packOf());
  expect(await lab.machine.look()).toEqual({ code: "taken", detail: "", counter: 5 });
  return lab;
}

test("a signed pack is taken; the next look finds it in use; a higher one takes its place and it stays as the one before", async () => {
  const { server, machine, inUse } = await with5();
  expect(await machine.look()).toMatchObject({ code: "current", counter: 5 });
  server.publish(packOf({ counter: 6, sites: {} }));
  expect((await machine.look()).code).toBe("taken");
  expect(await inUse()).toBe(6);
  expect((await machine.state.read()).line.map(({ pack }) => pack.counter)).toEqual([6, 5]);
  server.publish(packOf({ counter: 9 }));
  await machine.look();
  expect((await machine.state.read()).line.map(({ pack }) => pack.counter)).toEqual([9, 6]);
});

test("without a server or a key nobody is asked; a server without a pack has none", async () => {
  const { server, machine } = await begun();
  expect((await machine.look()).code).toBe("nothing_published");
  server.publish(packOf());
  const asked = server.asked;
  expect((await machine.look({ source: null })).code).toBe("not_connected");
  expect((await machine.look({ keys: [] })).code).toBe("no_keys");
  expect(server.asked).toBe(asked);
});

test("each refusal has its reason, and pack 5 stays in use", async () => {
  const { server, machine, inUse } = await with5();
  const next = packOf({ counter: 6 });
  const long = "a".repeat(490);
  const huge = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`s${n}`, Object.fromEntries(["a", "b", "c"].map((name) => [name, Array(12).fill(long)]))]),
  );
  const unsigned = JSON.stringify({ ...JSON.parse(signPack(next)), signatures: [] });
  const written = canonicalJson(next);
  for (const [name, said, code] of [
    ["unsigned", unsigned, "unknown_answer"],
    ["no envelope", JSON.stringify(next), "unknown_answer"],
    ["no JSON", "<html>", "unknown_answer"],
    ["nested without end", "[".repeat(60_000), "unknown_answer"],
    ["wrong key", signPack(next, [stranger]), "not_believed"],
    ["our key's name over a stranger's signature", signPack(next, [{ ...stranger, keyid: packKey.keyid }]), "not_believed"],
    ["the signature of a release", signRelease(next, [packKey]), "unknown_answer"],
    ["lower counter", signPack(packOf({ counter: 4 })), "replayed"],
    ["another pack of the same counter", signPack(packOf({ sites: {} })), "two_of_one"],
    ["far ahead", signPack(packOf({ counter: 1006 })), "too_far"],
    ["expired", signPack(packOf({ counter: 6, created: "2026-11-01T00:00:00Z", expires: "2026-11-26T11:59:59Z" })), "stale"],
    ["for a newer extension", signPack(packOf({ counter: 6, minApp: "0.2.0" })), "newer_app"],
    ["over size", signPack(packOf({ counter: 6, sites: huge })), "unknown_answer"],
    ["unknown field", signPack({ ...next, html: "<b>" }), "not_believed"],
    ["a list that is none", signPack({ ...next, sites: { "jira-cloud": { comments: "a" } } }), "not_believed"],
    ["a name that is none", signPack({ ...next, sites: { "Jira Cloud": {} } }), "not_believed"],
    ["__proto__ as a field", signPack(`{"__proto__":{"x":1},${written.slice(1)}`), "not_believed"],
    ["__proto__ as an adapter", signPack(written.replace('"sites":{', '"sites":{"__proto__":{"comments":["a"]},')), "not_believed"],
    ["__proto__ as a list", signPack(written.replace('"jira-cloud":{', '"jira-cloud":{"__proto__":["a"],')), "not_believed"],
    ["fractions", signPack(written.replace('"counter":6', '"counter":6.5')), "not_believed"],
    ["another spec", signPack({ ...next, spec: 2 }), "not_believed"],
  ] as const) {
    server.said = said;
    expect({ name, code: (await machine.look()).code }).toEqual({ name, code });
    expect(await inUse(), name).toBe(5);
  }
  expect(huge && JSON.stringify(packOf({ sites: huge })).length).toBeGreaterThan(packBytes);
});

test("a pack with an unknown name or a bad selector is refused whole, and its number is used up", async () => {
  const { server, machine, inUse } = await with5();
  for (const [counter, code] of [
    [6, "bad_selector"],
    [7, "unknown_names"],
  ] as const) {
    server.publish(packOf({ counter }));
    expect(await machine.look({ problemOf: async () => ({ code, detail: "jira-cloud, titles: h1[" }) })).toEqual({
      code,
      detail: "jira-cloud, titles: h1[",
      counter,
    });
    expect(await inUse()).toBe(5);
  }
  server.publish(packOf({ counter: 6, sites: {} }));
  expect((await machine.look()).code).toBe("replayed");
});

test("the highest counter outlives the database, is each team's own, and a team's pack goes with it", async () => {
  const { server, machine } = await with5();
  server.publish(packOf({ counter: 4 }));
  const lost = await machine.withoutDatabase();
  expect((await lost.look()).code).toBe("replayed");
  expect((await lost.look({ scope: "another" })).code).toBe("taken");
  expect((await lost.look()).code).toBe("replayed");
  expect((await lost.state.read()).line).toEqual([]);
});

test("killed at any step, the pack before is in use or the new one, and the next look ends it", async () => {
  const steps = new Set<string>();
  for (let kill = 0; ; kill++) {
    const { server, machine, inUse } = await with5();
    server.publish(packOf({ counter: 6 }));
    let step = 0;
    const alive = (name: string) => {
      if (step++ !== kill) return;
      steps.add(name);
      throw new Error("killed");
    };
    const dying: Partial<Parameters<typeof machine.look>[0]> = {
      source: {
        baseUrl: "https://sectag.example",
        key: "k",
        fetch: async (url, init) => {
          alive("fetch");
          return server.fetch(url, init);
        },
      },
      state: {
        read: async () => {
          alive("read");
          return machine.state.read();
        },
        change: async (change) => {
          alive("before the change");
          const changed = await machine.state.change(change);
          alive("after the change");
          return changed;
        },
      },
      problemOf: async () => {
        alive("trying");
        return null;
      },
      health: async () => {
        alive("health");
        return [];
      },
    };
    const ended = await machine.look(dying).then(
      ({ code }) => code,
      () => "killed",
    );
    expect([5, 6]).toContain(await inUse());
    if (ended === "taken") break;
    // An answer that never came is one that the server did not give.
    expect(["killed", "offline"]).toContain(ended);
    expect(["taken", "current"]).toContain((await machine.look()).code);
    expect(await inUse()).toBe(6);
    expect((await machine.state.read()).line.map(({ pack }) => pack.counter)).toEqual([6, 5]);
  }
  expect([...steps].sort()).toEqual(["after the change", "before the change", "fetch", "health", "read", "trying"]);
});

test("an expired one is out of use, by this machine's clock and by the server's", async () => {
  const { server, machine, inUse } = await with5();
  expect(await inUse(null, today + 29 * day)).toBe(5);
  expect(await inUse(null, today + 31 * day)).toBeNull();
  server.publish(packOf({ counter: 6, expires: new Date(today + day).toISOString() }));
  server.clock = today + 2 * day;
  expect((await machine.look()).code).toBe("stale");
});

test("a policy keeps to the packaged selectors, or to one pack", async () => {
  const { server, machine, inUse } = await with5();
  expect([await inUse("packaged"), await inUse("5"), await inUse("6")]).toEqual([null, 5, null]);
  server.publish(packOf({ counter: 6 }));
  expect(await machine.look({ pin: "packaged" })).toMatchObject({ code: "pinned", counter: 6 });
  expect((await machine.look({ pin: "5" })).code).toBe("pinned");
  expect((await machine.look({ pin: "6" })).code).toBe("taken");
});
