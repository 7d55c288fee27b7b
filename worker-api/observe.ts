// Sees each request: its id, one line of log and the figures for Prometheus. Nothing that a request says gets into either.

import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { Env } from "./auth.ts";
import type { Metrics } from "./metrics.ts";

/** Ids, counts and codes; never text from a request, so that a log can neither leak nor be forged. */
export interface LogEntry {
  level: "info" | "warn" | "error";
  event: string;
  [detail: string]: string | number | null;
}
export type Log = (entry: LogEntry) => void;

const levels = ["info", "warn", "error"] as const;

/** Writes what is of this level or worse. */
export const atLevel =
  (least: LogEntry["level"], log: Log): Log =>
  (entry) => {
    if (levels.indexOf(entry.level) >= levels.indexOf(least)) log(entry);
  };

/** The client's request id when it is a UUID, else one of ours: no room for words in it. */
export const numbered: MiddlewareHandler<Env> = async (context, next) => {
  const given = context.req.header("x-request-id") ?? "";
  const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(given) ? given : crypto.randomUUID();
  context.set("requestId", id);
  context.header("x-request-id", id);
  await next();
};

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export function observed({ log, metrics }: { log: Log; metrics: Metrics }): MiddlewareHandler<Env> {
  return async (context, next) => {
    const began = performance.now();
    await next();
    const seconds = (performance.now() - began) / 1000;
    const method = methods.has(context.req.method) ? context.req.method : "OTHER";
    // The template, not the path: a path is text from outside.
    const route = matchedRoutes(context).findLast(({ path }) => !path.includes("*"))?.path ?? "none";
    const { status } = context.res;
    metrics.request({ method, route, status }, seconds);
    const { requestId, principal } = context.var;
    log({
      level: status >= 500 ? "error" : "info",
      event: "request",
      requestId,
      method,
      route,
      status,
      ms: Math.round(seconds * 1e4) / 10,
      keyId: principal?.keyId ?? null,
    });
  };
}

/** Where an error came from: its name and the code's own lines. Its message may have a ticket's text in it. */
export function traceOf(error: unknown): { name: string; at: string } {
  if (!(error instanceof Error)) return { name: typeof error, at: "" };
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return {
    name: error.name,
    at: frames
      .slice(0, 6)
      .map((line) => line.trim())
      .join(" < "),
  };
}
