// Keeps the server from being asked for more than it can do: so many requests a second for each name, so many writers at once.
import type { Context, MiddlewareHandler } from "hono";
import type { Env } from "./auth.ts";
import { refuse } from "./problem.ts";

export interface Rate {
  /** Requests that may come at once. */
  burst: number;
  /** Requests a second in the long run. */
  perSecond: number;
}

/** Names remembered at once; beyond it the longest unused is forgotten, so that made-up names fill no memory. */
const MOST_NAMES = 10_000;

/** @returns takes one request of a name: 0 when it may pass, else the seconds until it may. */
export function tokenBuckets({ burst, perSecond }: Rate, now: () => number): (name: string) => number {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (name) => {
    const at = now();
    const before = buckets.get(name) ?? { tokens: burst, at };
    // A clock that was set back gives nothing and takes nothing.
    const tokens = Math.min(burst, before.tokens + (Math.max(0, at - before.at) / 1000) * perSecond);
    const passes = tokens >= 1;
    buckets.delete(name);
    buckets.set(name, { tokens: passes ? tokens - 1 : tokens, at });
    const [oldest] = buckets.size > MOST_NAMES ? buckets.keys() : [];
    if (oldest !== undefined) buckets.delete(oldest);
    return passes ? 0 : Math.ceil((1 - tokens) / perSecond);
  };
}

/** Refuses with 429 what comes too often from the one that `nameOf` tells. */
export function limited(rate: Rate, now: () => number, nameOf: (context: Context<Env>) => string): MiddlewareHandler<Env> {
  const take = tokenBuckets(rate, now);
  return async (context, next) => {
    const seconds = take(nameOf(context));
    if (seconds > 0) refuse("too-many-requests", `Try again in ${seconds} seconds.`, { "retry-after": String(seconds) });
    await next();
  };
}

/** @returns waits for its turn: calls come one after the other, each after a breath. Without a breath nobody waits. */
export function turnstile(breathe?: () => Promise<void>): () => Promise<void> {
  if (!breathe) return async () => {};
  let last = Promise.resolve();
  return () => {
    last = last.then(breathe);
    return last;
  };
}

/** Lets so many requests be in work at once; more are refused with 429 at once, before their body is read. */
export function atMost(most: number): MiddlewareHandler<Env> {
  let inWork = 0;
  return async (_context, next) => {
    if (inWork >= most) refuse("busy", "Nothing was stored. Send it again after a while, with growing pauses.", { "retry-after": "1" });
    inWork++;
    try {
      await next();
    } finally {
      inWork--;
    }
  };
}
