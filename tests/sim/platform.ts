// The browser's APIs as the extension's background uses them: `browser.*`, timers, locks, fetch, messages, and Dexie over this browser's disk.
import { Dexie, type DexieOptions, liveQuery } from "dexie";
import { IDBKeyRange } from "fake-indexeddb";
import type { Browser } from "./browser.ts";
import type { Verdict } from "./checker.ts";
import type { Context } from "./context.ts";
import { contextMark } from "./idb-hooks.ts";
import type { Loop, Timer } from "./loop.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import { dateFrom, mathFrom, refuseAmbient, type Surroundings } from "./runtime.ts";
import type { Tally } from "./tally.ts";

/** How the world reaches a background. */
export interface Handlers {
  answer(message: string, data: unknown): Promise<unknown>;
  alarm(name: string): void;
  online(): void;
  areaChanged(key: string): void;
}

interface PlatformOptions {
  browser: Browser;
  context: Context;
  loop: Loop;
  random: Random;
  network: Network;
  tally: Tally;
  verdict: Verdict;
}

export function createPlatform({ browser, context, loop, random, network, tally, verdict }: PlatformOptions) {
  const owners = new Map<string, (data: unknown) => unknown>();
  const listeners = { alarm: new Set<Listener>(), online: new Set<Listener>(), area: new Set<Listener>() };
  const tell = (event: keyof typeof listeners, value: unknown) => {
    if (!context.dead) for (const listener of listeners[event]) listener(value);
  };
  const handlers: Handlers = {
    async answer(message, data) {
      const owner = owners.get(message);
      if (!owner) throw new Error(`Nobody answers ${message}.`);
      return owner(data);
    },
    alarm: (name) => tell("alarm", { name }),
    online: () => tell("online", undefined),
    areaChanged: (key) => tell("area", { [key]: {} }),
  };

  /** What another process does takes a while, and is done even when the asker dies. */
  const later = <T>(value: T): Promise<T> => new Promise((resolve) => loop.ready(() => (context.dead ? undefined : resolve(value))));
  const failing = (message: string): Promise<never> =>
    new Promise((_, reject) => loop.ready(() => (context.dead ? undefined : reject(new Error(message)))));
  const event = (kind: keyof typeof listeners) => ({
    addListener: (listener: Listener) => void listeners[kind].add(listener),
    removeListener: (listener: Listener) => void listeners[kind].delete(listener),
  });

  const local = {
    get: (keys: null | string | string[]) => {
      const wanted = keys === null ? [...browser.profile.area.keys()] : [keys].flat();
      const found = wanted.flatMap((key) => {
        const json = browser.profile.area.get(key);
        return json === undefined ? [] : [[key, JSON.parse(json)] as const];
      });
      return later(Object.fromEntries(found));
    },
    set(items: Record<string, unknown>) {
      if (browser.dials.areaFails > 0 && random.chance(browser.dials.areaFails)) {
        tally.count("storage.local fails");
        browser.areaSound = false;
        return failing("The simulator lets storage.local fail.");
      }
      if (!context.dead) for (const [key, value] of Object.entries(items)) browser.setItem(key, value);
      return later(undefined);
    },
    remove(keys: string | string[]) {
      if (!context.dead) for (const key of [keys].flat()) browser.setItem(key, null);
      return later(undefined);
    },
    onChanged: event("area"),
    setAccessLevel: () => later(undefined),
  };
  const api = {
    runtime: { id: "sectag", getURL: (path: string) => `chrome-extension://sectag${path}`, getManifest: () => ({ version: "0.0.0" }) },
    storage: {
      local,
      session: { get: () => later({}), set: () => later(undefined), remove: () => later(undefined), onChanged: event("area") },
      managed: { get: () => failing("Managed storage is not set up.") },
      onChanged: event("area"),
    },
    alarms: {
      get: (name: string) => later(browser.alarms.has(name) ? { name } : undefined),
      create: (name: string, { periodInMinutes }: { periodInMinutes: number }) => later(void browser.alarms.set(name, periodInMinutes)),
      clear: (name: string) => later(browser.alarms.delete(name)),
      onAlarm: event("alarm"),
    },
    action: { setBadgeText: () => later(undefined), setBadgeBackgroundColor: () => later(undefined), setTitle: () => later(undefined) },
  };

  const given: Surroundings = {
    ...refuseAmbient((what) => verdict.nondeterministic.push(`${context.name} used ${what}`)),
    Date: dateFrom(browser.now),
    Math: mathFrom(random.next),
    console: { warn: (...words: unknown[]) => loop.trace.note(`${context.name} warns: ${words.join(" ")}`) },
    setTimeout: (run: () => void, ms: number): Timer => loop.after(ms, () => (context.dead ? undefined : run())),
    clearTimeout: (timer: Timer | undefined) => {
      if (timer) timer.run = null;
    },
    fetch: (url: string, init: RequestInit) => context.alive(network.send({ browser: browser.name, url, init })),
    navigator: {
      locks: createLocks(browser, context),
      storage: { persist: () => later(true), estimate: () => later({ quota: 1e9, usage: random.pick([1e6, 1e9]) }) },
    },
    self: { addEventListener: (type: string, listener: Listener) => void (type === "online" && listeners.online.add(listener)) },
  };
  const refusing: Surroundings = {
    ...refuseAmbient((what) => verdict.nondeterministic.push(`${context.name} used ${what}, which must be passed in`)),
    console: given.console,
  };

  return {
    handlers,
    area: local,
    /** The wiring is given what it passes on; whoever gets it passed may not take it for themselves. */
    surroundingsOf: (file: string): Surroundings => (file.startsWith("extension/store/") ? refusing : given),
    standIns: (indexedDB: IDBFactory): Record<string, unknown> => ({
      "wxt/browser": { browser: api },
      dexie: { Dexie: dexieOver(indexedDB), liveQuery },
      "extension/messages.ts": {
        answerMessage: (_table: unknown, name: string, _runtime: unknown, owner: (data: unknown) => unknown) =>
          void owners.set(name, owner),
        sendMessage: () => later(undefined),
      },
      "extension/api-cache.ts": { forgetReads: () => later(undefined) },
    }),
  };
}

type Listener = (value: unknown) => void;

let contexts = 0;

/**
 * Dexie, with this browser's databases where it would take the global ones. It remembers what is open by name, for the whole process: in life
 * a context is a process, so here the names have the context in them, and the factory takes it out again.
 */
function dexieOver(indexedDB: IDBFactory): typeof Dexie {
  const context = ++contexts;
  class BrowserDexie extends Dexie {
    constructor(name: string, options?: DexieOptions) {
      super(`${name}${contextMark}${context}`, { indexedDB, IDBKeyRange, ...options });
    }
    static override delete(name: string) {
      return new BrowserDexie(name).delete();
    }
  }
  const made: unknown = BrowserDexie;
  return made as typeof Dexie;
}

const held = new WeakMap<Browser, Map<string, Context>>();

/** Web Locks of a browser; one that dies lets go. */
function createLocks(browser: Browser, context: Context) {
  const locks = held.get(browser) ?? new Map<string, Context>();
  held.set(browser, locks);
  return {
    async request<T>(name: string, _options: { ifAvailable: true }, work: (lock: object | null) => Promise<T>): Promise<T> {
      if (!browser.locksWork) return work({});
      if (locks.has(name)) return work(null);
      locks.set(name, context);
      const release = () => {
        if (locks.get(name) === context) locks.delete(name);
      };
      context.onDeath(release);
      try {
        return await work({});
      } finally {
        release();
      }
    },
  };
}
