// What goes wrong in a world: a seed draws some kinds of trouble, and when each of them begins and ends.

import { createHash } from "node:crypto";
import type { Entry } from "./books.ts";
import type { Browser } from "./browser.ts";
import { soundDisk } from "./browser.ts";
import { makeTickets } from "./intents.ts";
import { soundNetwork } from "./network.ts";
import { decide } from "./person.ts";
import { spoilCursor, spoilRow } from "./spoil.ts";
import type { World } from "./world.ts";

const minute = 60_000;
const year = 365 * 24 * 60 * minute;

/** Shared by all troubles of a world. */
export interface Script {
  world: World;
  /** Virtual milliseconds that the bad time lasts. */
  lasts: number;
  /** How probable a kill is at each await; read by the doom of random kills. */
  kills: { client: number; server: number };
  /** Milliseconds between two alarms. */
  alarmEvery: number;
}

type Trouble = (script: Script) => Promise<void>;

/** Waits for a moment in the bad time. */
const sometime = ({ world: { loop, random }, lasts }: Script) => loop.sleep(random.int(lasts * 0.8));
const always = () => true;
const aBrowser = ({ world: { random, browsers } }: Script): Browser => random.pick(browsers);

export const troubles: Record<string, Trouble> = {
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
  async kills(script) {
    script.kills.client = script.world.random.pick([0.002, 0.01, 0.03]);
    for (let times = script.world.random.between(0, 4); times > 0; times--) {
      await sometime(script);
      aBrowser(script).killAll("stopped");
    }
  },
  async disk(script) {
    const { world } = script;
    const { random, loop, browsers } = world;
    for (let times = random.between(1, 3); times > 0; times--) {
      for (const browser of browsers)
        for (const kind of ["openFails", "requestFails", "commitFails", "invalidState", "areaFails"] as const)
          if (random.chance(0.3)) browser.dials[kind] = random.pick([0.01, 0.05, 0.3]);
      await loop.sleep(random.int(script.lasts / times));
      for (const browser of browsers) Object.assign(browser.dials, soundDisk);
    }
  },
  async fullDisk(script) {
    const browser = aBrowser(script);
    for (let times = script.world.random.between(1, 5); times > 0; times--) {
      await script.world.loop.sleep(script.world.random.int(script.lasts / 5));
      browser.putsWithoutSpace = script.world.random.between(1, 8);
    }
    browser.putsWithoutSpace = 0;
  },
  async closing(script) {
    const { world } = script;
    for (let times = world.random.between(1, 3); times > 0; times--) {
      await sometime(script);
      if (aBrowser(script).closeDatabases()) world.tally.count("browser closes the database");
    }
  },
  async power(script) {
    const { world } = script;
    await sometime(script);
    const browser = aBrowser(script);
    browser.killAll("power is cut");
    world.tally.count("power cut");
    const lost = browser.profile.losePower(world.random);
    browser.cursor.forget();
    browser.areaSound = false;
    world.loop.trace.note(`${browser.name} loses ${lost} changes`);
    if (lost > 0) world.tally.count("power cut that lost unflushed changes");
  },
  async lostDatabase(script) {
    const { world } = script;
    await sometime(script);
    const browser = aBrowser(script);
    // What waits has its second copy, unless storage.local failed too; what the server once had is kept in the database alone.
    const helpless = ({ id }: Entry) => !browser.areaSound || world.books.acknowledged.has(id);
    await world.books.around(helpless, () => {
      browser.killAll("its database goes");
      if (world.random.chance(0.5)) {
        world.tally.count("database deleted");
        browser.profile.deleteDatabases();
      } else {
        world.tally.count("database corrupt");
        for (const name of browser.profile.databases.keys()) browser.profile.corrupt.add(name);
      }
      browser.cursor.forget();
    });
  },
  async oldProfile(script) {
    const { world } = script;
    await sometime(script);
    const browser = aBrowser(script);
    const mark = browser.profile.mark();
    await sometime(script);
    await world.books.around(always, () => {
      browser.killAll("its profile is restored from an old copy");
      world.tally.count("profile restored from an old copy");
      browser.profile.restore(mark);
      browser.cursor.forget();
      browser.areaSound = false;
    });
    // The old copy may know no key or an old one: the person connects anew.
    world.connect(browser);
  },
  async clocks(script) {
    const { world } = script;
    for (let times = world.random.between(1, 4); times > 0; times--) {
      await world.loop.sleep(world.random.int(script.lasts / 4));
      const target = world.random.chance(0.3) ? world.server : aBrowser(script);
      target.clockOffset = world.random.pick([0, 10 * year, -10 * year, 60 * minute, -60 * minute]);
      world.tally.count("clock jumps");
      world.loop.trace.note("a clock jumps");
    }
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
  async spoilt(script) {
    const { world } = script;
    for (let times = world.random.between(1, 3); times > 0; times--) {
      await sometime(script);
      if (spoilRow(world, aBrowser(script))) world.tally.count("row spoilt on the disk");
    }
  },
  async cursors(script) {
    const { world } = script;
    await sometime(script);
    if (spoilCursor(world, aBrowser(script))) world.tally.count("cursor spoilt");
  },
  async tabs(script) {
    const { world } = script;
    const browser = aBrowser(script);
    await sometime(script);
    world.tally.count("30 contexts at once");
    const contexts = Array.from({ length: 30 }, () => browser.startAnother());
    await Promise.all(
      contexts.map(async (context) => {
        await world.loop.sleep(world.random.int(2000));
        await decide(world, browser, world.random.pick(world.tickets), context);
      }),
    );
    await world.loop.sleep(world.random.int(minute));
    for (const { context } of contexts) context.kill("tab closed");
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
  async noLocks(script) {
    aBrowser(script).locksWork = false;
    script.world.tally.count("locks that let everybody in");
  },
  async backlog(script) {
    const { world } = script;
    const browser = aBrowser(script);
    world.tally.count("large backlog");
    world.network.offline.add(browser.name);
    // Tickets of their own: an answer tells the whole history of its ticket.
    const tickets = makeTickets(world.random, 140);
    for (let left = world.random.between(102, 130); left > 0; left--) {
      await world.loop.sleep(world.random.between(300, 900));
      await decide(world, browser, world.random.pick(tickets));
    }
    goOnline(world, browser);
  },
};

export function goOnline(world: World, browser: Browser): void {
  world.network.offline.delete(browser.name);
  world.loop.trace.note(`${browser.name} is on line`);
  for (const { handlers } of browser.contexts) handlers.online();
}
