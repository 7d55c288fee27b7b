// One browser on one machine: its disk, its clock, its faults, and the contexts of the extension that live in it.
import { forceCloseDatabase } from "fake-indexeddb";
import type { KeyValueArea } from "../../extension/store/mirror.ts";
import type { Verdict } from "./checker.ts";
import { type Context, createContext, createGate, type Doom } from "./context.ts";
import { type CursorWatch, watchCursor } from "./cursor-watch.ts";
import { createFactory, type IdbFaults, isInUse, type RawTransaction } from "./idb-hooks.ts";
import type { Loop } from "./loop.ts";
import type { Network } from "./network.ts";
import { createPlatform, type Handlers } from "./platform.ts";
import { createProfile, type Profile } from "./profile.ts";
import { clientEntry } from "./programs.ts";
import type { Random } from "./random.ts";
import type { Runtime } from "./runtime.ts";
import type { Tally } from "./tally.ts";

/** How probable each fault is, at each occasion. */
export interface DiskDials {
  openFails: number;
  requestFails: number;
  commitFails: number;
  invalidState: number;
  areaFails: number;
}
export const soundDisk: DiskDials = { openFails: 0, requestFails: 0, commitFails: 0, invalidState: 0, areaFails: 0 };

/** The extension's background, alive. */
export interface Background {
  readonly context: Context;
  /** Sends a message and waits for its owner's answer; for ever, when the context dies first. */
  ask(message: string, data: unknown): Promise<unknown>;
  readonly handlers: Handlers;
}

/** A page of the extension. */
export interface Page {
  readonly context: Context;
  readonly area: KeyValueArea;
  /** The exports of a file, as the page imports it. */
  load(file: string): Record<string, unknown>;
}

export interface Browser {
  readonly name: string;
  readonly profile: Profile;
  readonly dials: DiskDials;
  /** Puts that fail for want of space before there is some again. */
  putsWithoutSpace: number;
  /** Added to the true time, in milliseconds. */
  clockOffset: number;
  /** False: `navigator.locks` lets everybody in. */
  locksWork: boolean;
  /** Periodic alarms: name -> minutes. They outlive contexts. */
  readonly alarms: Map<string, number>;
  readonly contexts: readonly Background[];
  now(): number;
  /** The background that is alive, started when there is none. */
  background(): Background;
  /** One more context that does the same. */
  startAnother(): Background;
  /** A page of the extension, which uses the store by itself. It outlives `killAll`: close it by its context. */
  openPage(): Page;
  /** False once a write to storage.local failed or was taken back: the second copies may lack some. */
  areaSound: boolean;
  readonly cursor: CursorWatch;
  killAll(why: string): void;
  /** The browser takes the open databases away, as it does for an update or to free space. @returns whether one was open. */
  closeDatabases(): boolean;
  /** A change of storage.local by another context (the options page). */
  setItem(key: string, value: unknown): void;
}

interface BrowserOptions {
  name: string;
  loop: Loop;
  random: Random;
  runtime: Runtime;
  network: Network;
  doom: Doom;
  tally: Tally;
  verdict: Verdict;
  /** The true time, milliseconds since 1970. */
  trueNow(): number;
}

export function createBrowser({ name, loop, random, runtime, network, doom, tally, verdict, trueNow }: BrowserOptions): Browser {
  const profile = createProfile(name, loop);
  const cursor = watchCursor(profile, (fault) => void verdict.diverged.push(fault));
  const dials = { ...soundDisk };
  const contexts: Background[] = [];
  let started = 0;

  const faultsOf = (context: Context): IdbFaults & { atOpen(): string | null } => {
    const happens = (kind: keyof DiskDials) => dials[kind] > 0 && random.chance(dials[kind]);
    const fail = (kind: string, error: string) => {
      tally.count(kind);
      loop.trace.note(`${context.name}: ${kind}, ${error}`);
      return error;
    };
    return {
      atOpen: () => (context.dead ? "AbortError" : happens("openFails") ? fail("open fails", "UnknownError") : null),
      atTransaction: () =>
        context.dead ? "InvalidStateError" : happens("invalidState") ? fail("connection is closing", "InvalidStateError") : null,
      atRequest(writes) {
        if (context.dead) return "AbortError";
        if (writes && browser.putsWithoutSpace > 0) {
          browser.putsWithoutSpace--;
          return fail("disk is full", "QuotaExceededError");
        }
        return happens("requestFails") ? fail("request fails", random.pick(["UnknownError", "AbortError", "DataError"])) : null;
      },
      atCommit: () =>
        context.dead
          ? "AbortError"
          : happens("commitFails")
            ? fail("commit fails", random.pick(["QuotaExceededError", "AbortError", "UnknownError"]))
            : null,
      committed(transaction: RawTransaction) {
        profile.committed(transaction);
        cursor.look(transaction);
      },
    };
  };

  const startContext = () => {
    const context = createContext(`${name}${++started}`, loop);
    loop.trace.note(`${context.name} starts`);
    const faults = faultsOf(context);
    const platform = createPlatform({ browser, context, loop, random: random.fork(context.name), network, tally, verdict });
    const factory = createFactory(profile, context, faults);
    const load = runtime.start({
      gate: createGate(context, loop, doom, runtime.points),
      surroundingsOf: platform.surroundingsOf,
      standIns: platform.standIns(factory),
    });
    return { context, platform, load };
  };
  const start = (): Background => {
    const { context, platform, load } = startContext();
    const background: Background = {
      context,
      handlers: platform.handlers,
      ask: (message, data) => context.alive(platform.handlers.answer(message, data)),
    };
    contexts.push(background);
    context.onDeath(() => {
      contexts.splice(contexts.indexOf(background), 1);
    });
    const begin: unknown = load(clientEntry).startReviewHost;
    if (typeof begin !== "function") throw new Error(`${clientEntry} does not export startReviewHost.`);
    begin();
    return background;
  };

  const browser: Browser = {
    name,
    profile,
    dials,
    putsWithoutSpace: 0,
    clockOffset: 0,
    locksWork: true,
    areaSound: true,
    cursor,
    alarms: new Map(),
    contexts,
    now: () => trueNow() + browser.clockOffset,
    background: () => contexts[0] ?? start(),
    startAnother: start,
    openPage() {
      const { context, platform, load } = startContext();
      return { context, area: platform.area, load };
    },
    killAll(why) {
      for (const { context } of [...contexts]) context.kill(why);
    },
    closeDatabases() {
      const open = [...profile.databases.values()].flatMap((database) => database.connections).filter(isInUse);
      for (const connection of open) forceCloseDatabase(connection as never);
      return open.length > 0;
    },
    setItem(key, value) {
      profile.setItem(key, value === null ? null : JSON.stringify(value));
      for (const { handlers } of contexts) handlers.areaChanged(key);
    },
  };
  return browser;
}
