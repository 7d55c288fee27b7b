// createApp: the API as one Hono app. Whatever differs between tests and life comes in as a parameter.
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { timeout } from "hono/timeout";
import type { Registry } from "prom-client";
import { limits as contractLimits } from "../shared/decisions.ts";
import { textSha256 } from "../shared/hex.ts";
import { type Authenticate, authenticateByKey, authenticated, type Env } from "./auth.ts";
import { boundedBody } from "./body.ts";
import type { Digest } from "./credentials.ts";
import { addDocs, type Files } from "./docs.ts";
import { addEvents } from "./events.ts";
import { addExport } from "./export.ts";
import { addHealth } from "./health.ts";
import { addKeys } from "./keys.ts";
import { atMost, limited, type Rate, turnstile } from "./limit.ts";
import { addMe } from "./me.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { addModels } from "./models.ts";
import { type Log, numbered, observed, traceOf } from "./observe.ts";
import { addPair } from "./pair.ts";
import { databaseCode } from "./patient-client.ts";
import { errorsOf, problemOf, problemOfException, problemResponse } from "./problem.ts";
import { addPublish, type Models } from "./publish.ts";
import type { Database } from "./schema.ts";
import { addSelectors } from "./selectors.ts";
import { addTickets } from "./tickets.ts";
import { addUsers } from "./users.ts";
import { addWaiting } from "./waiting.ts";

export interface AppOptions {
  db: Database;
  /** Assets of the docs page. */
  files?: Files;
  /** Without it nothing can be published. */
  models?: Models;
  /** Milliseconds since 1970. */
  now?: () => number;
  auth?: Authenticate;
  /** Origins of browser code that may call, as exact strings. */
  origins?: readonly string[];
  log?: Log;
  /** A quicker SHA-256 where the platform has one. */
  digest?: Digest;
  /** Lets the platform take in what else has come, before a push's work takes the one thread. */
  breathe?: () => Promise<void>;
  /** Where a request came from, for limits only. */
  addressOf?: (context: Context<Env>) => string;
  registry?: Registry;
  limits?: Partial<Limits>;
}

export interface Limits {
  perKey: Rate;
  /** Attempts to pair, of one address. */
  pairing: Rate;
  /** Pushes in work at once. */
  writers: number;
  /** Milliseconds for a body to arrive. */
  bodyMs: number;
  /** Milliseconds for an answer to begin. */
  answerMs: number;
}
const usual: Limits = {
  perKey: { burst: 120, perSecond: 20 },
  pairing: { burst: 10, perSecond: 0.1 },
  writers: 32,
  bodyMs: 15_000,
  answerMs: 30_000,
};

/** What each resource gets. */
export interface Parts {
  db: Database;
  now: () => number;
  log: Log;
  digest: Digest;
  metrics: Metrics;
  models: Models | undefined;
  /** Resolves when it is this push's turn: one after the other, with a breath between. */
  turn: () => Promise<void>;
}
export type Api = OpenAPIHono<Env>;

export function createApp(options: AppOptions): Api {
  const { db, now = Date.now, log = () => undefined, digest = textSha256, origins = [] } = options;
  const { auth = authenticateByKey(db, now, digest), files = async () => null, addressOf = () => "", breathe } = options;
  const limits = { ...usual, ...options.limits };
  const metrics = createMetrics({ db, now, ...(options.registry ? { registry: options.registry } : {}) });
  const parts: Parts = { db, now, log, digest, metrics, models: options.models, turn: turnstile(breathe) };

  const app: Api = new OpenAPIHono<Env>({
    defaultHook: (result) =>
      result.success
        ? undefined
        : problemResponse("invalid-request", "Send what /openapi.json describes.", {}, { errors: errorsOf(result.error) }),
  });
  app.use(numbered, observed({ log, metrics }), secureHeaders(), preflight(origins));
  app.use(
    unless((context) => context.req.method === "PUT" && ofFile(context), timeout(limits.answerMs, tooLate)),
    unstored,
  );
  app.post("/v1/events", atMost(limits.writers));
  app.post("/v1/pair", limited(limits.pairing, now, addressOf));
  const proved = authenticated(auth);
  const perKey = limited(limits.perKey, now, (context) => context.var.principal.keyId);
  for (const guard of [proved, perKey])
    app.use("/v1/*", (context, next) => (context.req.path === "/v1/pair" ? next() : guard(context, next)));
  app.use("/v1/*", unless(ofFile, boundedBody({ bytes: contractLimits.batchBytes, ms: limits.bodyMs })));

  addPair(app, parts);
  addMe(app);
  addEvents(app, parts);
  addExport(app, parts);
  addTickets(app, parts);
  addWaiting(app, parts);
  addModels(app, parts);
  addPublish(app, parts);
  addSelectors(app, parts);
  addKeys(app, parts);
  addUsers(app, parts);
  addHealth(app, parts);
  addDocs(app, { files });
  answerOtherMethods(app);

  app.notFound(() => problemResponse("not-found", "See /openapi.json for what there is."));
  app.onError((error, context) => {
    if (error instanceof HTTPException) return problemOfException(error, context);
    const { code, detail, headers } = problemOf(error);
    log({ level: "error", event: "failed", code, database: databaseCode(error), requestId: context.var.requestId, ...traceOf(error) });
    return problemResponse(code, detail, headers);
  });
  return app;
}

const tooLate = () =>
  new HTTPException(503, { res: problemResponse("time-out", "It may or may not be done. Send it again.", { "retry-after": "5" }) });

/** A model's file is long: its route has bounds of its own. */
const ofFile = ({ req }: Context<Env>) => req.path.startsWith("/v1/models/files/");
const unless =
  (exempt: (context: Context<Env>) => boolean, bound: MiddlewareHandler<Env>): MiddlewareHandler<Env> =>
  (context, next) =>
    exempt(context) ? next() : bound(context, next);

/** Answers are about now, and for this key. */
const unstored: MiddlewareHandler<Env> = async (context, next) => {
  context.header("cache-control", "no-store");
  await next();
};

/** A browser's preflight is answered here, a plain OPTIONS by its route. */
function preflight(origins: readonly string[]): MiddlewareHandler<Env> {
  const answer = cors({
    origin: [...origins],
    allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
    allowHeaders: ["Authorization", "Content-Type", "Content-Encoding", "If-None-Match", "Range"],
    exposeHeaders: ["X-Request-Id", "Retry-After", "Date", "ETag", "Content-Range"],
    maxAge: 600,
  });
  return (context, next) =>
    context.req.method === "OPTIONS" && !context.req.header("access-control-request-method") ? next() : answer(context, next);
}

/** 405 with `Allow` for what a path does not do; without this it would be 404. */
function answerOtherMethods(app: Api): void {
  const byPath = Map.groupBy(
    app.routes.filter(({ path, method }) => method !== "ALL" && !path.includes("*")),
    ({ path }) => path,
  );
  // What is written out goes before what stands for anything.
  for (const [path, routes] of [...byPath].sort(([a], [b]) => Number(a.includes(":")) - Number(b.includes(":")))) {
    const methods = new Set(routes.map(({ method }) => method));
    const allow = [...methods, ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    app.all(path, (context) =>
      context.req.method === "OPTIONS"
        ? context.body(null, 204, { allow })
        : problemResponse("method-not-allowed", `Use one of: ${allow}.`, { allow }),
    );
  }
}
