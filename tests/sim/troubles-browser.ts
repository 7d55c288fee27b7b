// What goes wrong in the browsers: contexts that die, disks that fail or fill, clocks that jump, and what people do there.

import type { Entry } from "./books.ts";
import { copiesInDatabases } from "./books.ts";
import { soundDisk } from "./browser.ts";
import { makeTickets } from "./intents.ts";
import { decide } from "./person.ts";
import { aBrowser, always, goOnline, minute, sometime, type Trouble, year } from "./script.ts";
import { refuseRow, spoilCursor, spoilRow } from "./spoil.ts";

export const browserTroubles: Record<string, Trouble> = {
  /** A window of an older version holds the database, and does not hear that it should let go. */
  async blocked(script) {
    const { world } = script;
    const browser = aBrowser(script);
    const release = await browser.profile.holdOldVersion();
    if (!release) return;
    world.tally.count("upgrade blocked");
    await world.loop.sleep(world.random.int(script.lasts));
    release();
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
    // Of a database that was lost before, only the second copy is left, and storage.local is not flushed.
    const flushed = new Set(copiesInDatabases(browser));
    let lost = 0;
    await world.books.around(
      ({ id }) => !flushed.has(id),
      () => {
        lost = browser.profile.losePower(world.random);
      },
    );
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
  async refused(script) {
    const { world } = script;
    for (let times = world.random.between(1, 2); times > 0; times--) {
      await sometime(script);
      if (refuseRow(world, aBrowser(script))) world.tally.count("decision refused on the way");
    }
  },
  /** A person sends what was refused once more, in the options page. */
  async options(script) {
    const { world } = script;
    for (let times = world.random.between(1, 3); times > 0; times--) {
      await sometime(script);
      const page = aBrowser(script).openPage();
      const { openStore } = page.load("extension/store/open-store.ts") as typeof import("../../extension/store/open-store.ts");
      const { retryDead } = page.load("extension/store/review-log.ts") as typeof import("../../extension/store/review-log.ts");
      const work = async () => {
        const { db } = await openStore({ area: page.area });
        await retryDead(db);
        world.tally.count("refused decisions sent again");
      };
      const failed = (error: unknown) => world.loop.trace.note(`${page.context.name}: ${error}`);
      await Promise.race([work().catch(failed), world.loop.sleep(5000)]);
      page.context.kill("page closed");
    }
  },
};
