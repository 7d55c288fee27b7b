// What goes wrong outside of the browsers: the network, the server, its database and its keys.
import { createHash } from "node:crypto";
import { soundNetwork } from "./network.ts";
import { aBrowser, always, goOnline, minute, sometime, type Trouble } from "./script.ts";

export const outsideTroubles: Record<string, Trouble> = {
  async network(script) {
    const { world } = script;
    const { network, random, loop } = world;
    const kinds = ["lost", "answerLost", "doubled", "cutRequest", "cutAnswer", "slow", "tooMany", "broken", "forbidden", "portal"] as const;
    for (let times = random.between(1, 4); times > 0; times--) {
      for (const kind of kinds) if (random.chance(0.4)) network.dials[kind] = random.pick([0.05, 0.2, 0.5]);
      network.dials.latency = random.pick([10, 200, 4000]);
      await loop.sleep(random.int(script.lasts / times));
      Object.assign(network.dials, soundNetwork);
    }
  },
  async offline(script) {
    const { world } = script;
    const browser = aBrowser(script);
    await sometime(script);
    world.network.offline.add(browser.name);
    if (world.random.chance(0.05)) {
      // A day, most of it asleep: alarms ring seldom, or the day would take the time of a thousand seeds.
      script.alarmEvery = 240 * minute;
      await world.loop.sleep(24 * 60 * minute);
      script.alarmEvery = minute / 2;
      world.tally.count("off line for a day");
    } else await world.loop.sleep(world.random.int(script.lasts));
    goOnline(world, browser);
  },
  async serverKills(script) {
    const { world } = script;
    script.kills.server = world.random.pick([0.002, 0.01]);
    for (let times = world.random.between(0, 3); times > 0; times--) {
      await sometime(script);
      world.server.kill("stopped");
    }
  },
  async lockedServer(script) {
    const { world } = script;
    for (let times = world.random.between(1, 3); times > 0; times--) {
      await world.loop.sleep(world.random.int(script.lasts / 3));
      world.tally.count("server's database locked");
      await world.server.lock(world.random.pick([100, 2000, 9000]));
    }
  },
  async oldServer(script) {
    const { world } = script;
    await sometime(script);
    world.server.backup();
    await sometime(script);
    await world.books.around(always, async () => {
      world.server.kill("it is restored from yesterday's backup");
      world.tally.count("server restored from an old copy");
      await world.server.restore();
    });
  },
  async keys(script) {
    const { world } = script;
    await sometime(script);
    const browser = aBrowser(script);
    world.tally.count("key revoked");
    await world.server.changeKey(world.accountOf(browser));
    await world.loop.sleep(world.random.int(script.lasts));
    for (const other of world.browsers) world.connect(other);
  },
  /** The lead has a ticket's words erased. */
  async erasure(script) {
    const { world } = script;
    await sometime(script);
    const lead = world.browsers.map((browser) => world.accountOf(browser)).find(({ user }) => user.role === "lead");
    const row = (await world.server.truth()).at(-1);
    if (!lead || !row || !world.server.running) return;
    const { system, key } = row.view.ticket;
    const ticketId = createHash("sha256").update(`${system}\n${key}`).digest("hex");
    const request = new Request(`https://sectag.example/v1/tickets/${ticketId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${lead.key}` },
    });
    const answer = await world.server.serve(request).catch(() => null);
    if (answer?.ok) world.tally.count("ticket erased");
  },
};
