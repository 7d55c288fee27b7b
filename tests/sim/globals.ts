// Takes Node's sources of time, chance and parallel work out of the process: from here on a world decides them.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Loop } from "./loop.ts";
import type { Random } from "./random.ts";
import { dateFrom } from "./runtime.ts";

/** What the globals show of the world that runs: the server's clock, and chance that is not passed in. */
export interface Ambient {
  loop: Loop;
  random: Random;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Node's own, for what drives the worlds. */
export const realSetImmediate = globalThis.setImmediate;

let ambient: Ambient | null = null;

/** Which world the globals show; null between worlds. */
export function setAmbient(world: Ambient | null): void {
  ambient = world;
}

const here = (what: string): Ambient => {
  if (!ambient) throw new Error(`${what} was used outside of a simulated world.`);
  return ambient;
};

/** Replaces the globals of this thread, once. Import what measures or writes with the real ones before. */
export function replaceGlobals(): void {
  const realNow = Date.now;
  define(
    "Date",
    dateFrom(() => (ambient ? ambient.now() : realNow())),
  );
  const realRandom = Math.random;
  Math.random = () => (ambient ? ambient.random.next() : realRandom());
  const realPerformanceNow = performance.now.bind(performance);
  performance.now = () => (ambient ? ambient.loop.now() : realPerformanceNow());

  const realSetTimeout = setTimeout;
  const realClearTimeout = clearTimeout;
  const later = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    ambient ? handleOf(ambient.loop.after(ms, () => run(...args))) : realSetTimeout(run, ms, ...args);
  define("setTimeout", later);
  define("clearTimeout", (handle: unknown) => {
    if (typeof handle === "object" && handle !== null && "stop" in handle && typeof handle.stop === "function") handle.stop();
    else if (handle) realClearTimeout(handle as NodeJS.Timeout);
  });
  define("setInterval", () => {
    throw new Error("Nothing in a simulated world may repeat by itself.");
  });
  define(
    "setImmediate",
    (run: (...args: unknown[]) => void, ...args: unknown[]) => ambient && immediate(ambient.loop, () => run(...args), run),
  );
  define("fetch", () => {
    throw new Error("The global fetch was used.");
  });
  define("BroadcastChannel", undefined);
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const timer = here("AbortSignal.timeout").loop.after(ms, () =>
      controller.abort(new DOMException("The operation timed out.", "TimeoutError")),
    );
    timeouts.set(controller.signal, timer);
    return controller.signal;
  };
  // Node's own makes an async resource of each, which nobody here looks at.
  const settled = Promise.resolve();
  define("queueMicrotask", (run: () => void) => void settled.then(run));
  const realClone = structuredClone;
  define("structuredClone", (value: unknown) => cloneOf(value, realClone));
  replaceCrypto();
}

const timeouts = new WeakMap<AbortSignal, { run: unknown }>();

/** Nobody waits for this any more: the time-out need not come. */
export function forgetTimeout(signal: AbortSignal): void {
  const timer = timeouts.get(signal);
  if (timer) timer.run = null;
}

/** Half of the time of IndexedDB goes into copies; of plain data they are quick to make. Whatever is not plain is left to Node. */
function cloneOf(value: unknown, real: (value: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null) return typeof value === "function" || typeof value === "symbol" ? real(value) : value;
  if (Array.isArray(value)) {
    const copy: unknown[] = new Array(value.length);
    for (let at = 0; at < value.length; at++) copy[at] = cloneOf(value[at], real);
    return copy;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return real(value);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = cloneOf(Reflect.get(value, key), real);
  return copy;
}

/** fake-indexeddb looks again and again whether the others have closed a database: without this, no time would pass meanwhile. */
function immediate(loop: Loop, run: () => void, original: unknown): void {
  const source =
    typeof original === "function" && (original.name === "" || original.name === "waitForOthersClosed")
      ? `${original.name}${original}`
      : "";
  if (source.includes("waitForOthersClosed")) loop.after(20, run);
  else loop.task(run);
}

function handleOf(timer: { run: unknown }) {
  return {
    stop() {
      timer.run = null;
    },
    ref() {},
    unref() {},
  };
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** WebCrypto works on threads of its own, and answers in an order that no seed decides: here it answers at once. */
function replaceCrypto(): void {
  const real = globalThis.crypto;
  const secrets = new WeakMap<object, Uint8Array>();
  const bytesOf = (data: ArrayBuffer | ArrayBufferView) =>
    data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bufferOf = (data: Uint8Array) => Uint8Array.from(data).buffer;
  const nameOf = (algorithm: string | { name: string; hash?: string | { name: string } }) => {
    const hash = typeof algorithm === "string" ? algorithm : (algorithm.hash ?? algorithm.name);
    return (typeof hash === "string" ? hash : hash.name).toLowerCase().replace("-", "");
  };
  const hashes = new WeakMap<object, string>();
  const sign = (key: object, data: ArrayBuffer | ArrayBufferView) => {
    const secret = secrets.get(key);
    if (!secret) throw new Error("A key that the simulator did not make.");
    return createHmac(hashes.get(key) ?? "sha256", secret)
      .update(bytesOf(data))
      .digest();
  };
  const subtle = {
    digest: async (algorithm: string | { name: string }, data: ArrayBuffer) =>
      bufferOf(createHash(nameOf(algorithm)).update(bytesOf(data)).digest()),
    importKey: async (format: string, data: ArrayBuffer, algorithm: { name: string; hash?: string }) => {
      if (format !== "raw" || algorithm.name !== "HMAC") throw new Error("The simulator knows raw HMAC keys only.");
      const key = { type: "secret", algorithm };
      secrets.set(key, Uint8Array.from(bytesOf(data)));
      hashes.set(key, nameOf(algorithm));
      return key;
    },
    sign: async (_: unknown, key: object, data: ArrayBuffer) => bufferOf(sign(key, data)),
    verify: async (_: unknown, key: object, signature: ArrayBuffer, data: ArrayBuffer) => {
      const [given, made] = [bytesOf(signature), sign(key, data)];
      return given.byteLength === made.byteLength && timingSafeEqual(given, made);
    },
  };
  const fill = <T extends ArrayBufferView>(into: T): T => {
    if (!ambient) return real.getRandomValues(into as never);
    const bytes = bytesOf(into);
    for (let at = 0; at < bytes.length; at++) bytes[at] = ambient.random.int(256);
    return into;
  };
  define("crypto", {
    subtle,
    getRandomValues: fill,
    randomUUID() {
      const hex = Buffer.from(fill(new Uint8Array(16))).toString("hex");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  });
}
