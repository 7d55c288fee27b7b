// Answers that a client may keep and asks for anew each time: with an ETag, and 304 when nothing has changed.
import type { Context, MiddlewareHandler } from "hono";
import { etag, RETAINED_304_HEADERS } from "hono/etag";
import { type Env, scoped } from "./auth.ts";
import { secured } from "./contract.ts";

/** Without those of CORS a browser hides a 304 from the extension that asked, as if nobody had answered. */
const retainedHeaders = [...RETAINED_304_HEADERS, "access-control-allow-origin", "access-control-expose-headers"];
const readable: [MiddlewareHandler<Env>, MiddlewareHandler<Env>] = [scoped("review", "publish"), etag({ retainedHeaders })];

/** For routes that installations read. */
export const reader = { ...secured, middleware: readable };
export const unchanged = { 304: { description: "As `If-None-Match` says" } };
/** Set on the context: what `unstored` set there would win over the answer's own. */
export const revalidated = (context: Context<Env>) => context.header("cache-control", "private, no-cache");
