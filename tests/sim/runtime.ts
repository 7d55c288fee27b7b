// Runs instrumented files: a fresh set of module objects for each context, as a service worker has after each start.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { compileFunction } from "node:vm";
import { moduleParameters, type Program, root } from "./instrument.ts";

/** Called for each await with its number and what is awaited; what it returns is awaited instead. */
export type Gate = (point: number, awaited: unknown) => unknown;

/** What the files see instead of Node's globals. */
export type Surroundings = Record<Exclude<(typeof moduleParameters)[number], "gate__" | "each__" | "import__">, unknown>;

interface StartOptions {
  gate: Gate;
  surroundingsOf(file: string): Surroundings;
  /** File from the root, or package -> what its importers get instead. */
  standIns?: Record<string, unknown>;
}

export interface Runtime {
  readonly points: readonly string[];
  /** The exports of a file, in a new world of modules where each file is run once. */
  start(options: StartOptions): (file: string) => Record<string, unknown>;
}

/** Compiles a program, and loads what it imports from outside. */
export async function createRuntime(program: Program): Promise<Runtime> {
  const natives = new Map<string, unknown>();
  const modules = new Map(
    program.modules.map(({ file, code, imports }) => {
      const path = join(root, file);
      const run: unknown = compileFunction(code, [...moduleParameters], { filename: path });
      if (typeof run !== "function") throw new Error(`${file} did not compile to a function.`);
      return [file, { path, run, imports }] as const;
    }),
  );
  for (const { path, imports } of modules.values())
    for (const [specifier, inside] of Object.entries(imports)) {
      const key = nativeKey(path, specifier);
      if (!inside && !natives.has(key)) natives.set(key, await importNative(path, specifier));
    }
  return {
    points: program.points,
    start({ gate, surroundingsOf, standIns = {} }) {
      const loaded = new Map<string, Record<string, unknown>>();
      const loading = new Set<string>();
      const each = eachThrough(gate);
      const load = (file: string): Record<string, unknown> => {
        const known = loaded.get(file);
        if (known) return known;
        const module = modules.get(file);
        if (!module) throw new Error(`${file} is not part of the program.`);
        if (loading.has(file)) throw new Error(`${file} imports itself in a circle; the simulator cannot run that.`);
        loading.add(file);
        const importOne = (specifier: string) => {
          const inside = module.imports[specifier];
          return standIns[inside ?? specifier] ?? (inside ? load(inside) : natives.get(nativeKey(module.path, specifier)));
        };
        const surroundings = surroundingsOf(file);
        const values = moduleParameters.slice(3).map((name) => Reflect.get(surroundings, name));
        const exports: Record<string, unknown> = module.run(gate, each, importOne, ...values);
        loaded.set(file, exports);
        return exports;
      };
      return load;
    },
  };
}

const nativeKey = (path: string, specifier: string) =>
  specifier.startsWith(".") ? new URL(specifier, pathToFileURL(path)).href : specifier;

async function importNative(path: string, specifier: string): Promise<unknown> {
  const key = nativeKey(path, specifier);
  return key.endsWith(".json") ? import(key, { with: { type: "json" } }) : import(key);
}

function eachThrough(gate: Gate) {
  return async function* each(point: number, source: Iterable<unknown> & Partial<AsyncIterable<unknown>>) {
    const items = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
    for (;;) {
      const item = (await gate(point, items.next())) as IteratorResult<unknown>;
      if (item.done) return;
      yield item.value;
    }
  };
}

/** Surroundings in which time, chance and the browser are not to be had: whoever needs them must get them passed in. */
export function refuseAmbient(tell: (what: string) => void): Surroundings {
  const refuse = (what: string): never => {
    tell(what);
    throw new Error(`The code under test used ${what}, which must be passed in.`);
  };
  const refused = (name: string) =>
    new Proxy(() => {}, {
      get: (_, key) => refuse(`${name}.${String(key)}`),
      apply: () => refuse(`${name}()`),
      construct: () => refuse(`new ${name}`),
    });
  return {
    Date: dateFrom(() => refuse("the clock")),
    Math: mathFrom(() => refuse("Math.random()")),
    crypto: {
      subtle: globalThis.crypto.subtle,
      getRandomValues: () => refuse("crypto.getRandomValues()"),
      randomUUID: () => refuse("crypto.randomUUID()"),
    },
    console,
    performance: refused("performance"),
    setTimeout: refused("setTimeout"),
    clearTimeout: refused("clearTimeout"),
    setInterval: refused("setInterval"),
    fetch: refused("fetch"),
    navigator: refused("navigator"),
    indexedDB: refused("indexedDB"),
    self: refused("self"),
  };
}

/** `Date` with another clock. */
export function dateFrom(now: () => number): DateConstructor {
  class GivenDate extends Date {
    constructor(...args: [] | [number]) {
      if (args.length === 0) super(now());
      else super(...args);
    }
    static override now(): number {
      return now();
    }
  }
  return GivenDate as DateConstructor;
}

/** `Math` with other chance. */
export function mathFrom(random: () => number): typeof Math {
  return Object.create(Math, { random: { value: random } });
}
