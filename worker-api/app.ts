// createApp: the API as one Hono app. Whatever differs between tests and life comes in as a parameter.
import { OpenAPIHono } from "@hono/zod-openapi";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { limits as contractLimits } from "../shared/decisions.ts";
import { type Authenticate, authenticateByKey, authenticated, type Env } from "./auth.ts";
import { boundedBody } from "./body.ts";
import { sha256 } from "./credentials.ts";
import { addEvents } from "./events.ts";
import { addMe } from "./me.ts";
import { addPair } from "./pair.ts";
import { errorsOf, problemOf, problemOfException, problemResponse } from "./problem.ts";
import type { Database } from "./schema.ts";

export interface AppOptions {
  db: Database;
  now?: () => number;
  auth?: Authenticate;
  /** Origins of browser code that may call, as exact strings. */
  origins?: readonly string[];
  log?: (entry: LogEntry) => void;
  /** A quicker SHA-256 where the platform has one. */
  digest?: (text: string) => string | Promise<string>;
}
/** Ids, counts and codes; never text from a request. */
export type LogEntry = { level: "info" | "warn" | "error"; event: string } & Record<string, string | number | null>;

export interface Parts {
  db: Database;
  now: () => number;
  log: (entry: LogEntry) => void;
  digest: (text: string) => string | Promise<string>;
}
export type Api = OpenAPIHono<Env>;

export function createApp(options: AppOptions): Api {
  const { db, now = Date.now, auth = authenticateByKey(db, now), origins = [], log = () => undefined, digest = sha256 } = options;
  const parts: Parts = { db, now, log, digest };
  const app: Api = new OpenAPIHono<Env>({
    defaultHook: (result) =>
      result.success
        ? undefined
        : problemResponse("invalid-request", "Send what /openapi.json describes.", {}, { errors: errorsOf(result.error) }),
  });
  app.use(
    cors({
      origin: [...origins],
      allowMethods: ["GET", "HEAD", "POST", "DELETE"],
      allowHeaders: ["Authorization", "Content-Type", "Content-Encoding"],
      exposeHeaders: ["X-Request-Id", "Retry-After", "Date"],
      maxAge: 600,
    }),
    secureHeaders(),
  );
  const proved = authenticated(auth);
  app.use("/v1/*", (context, next) => (context.req.path === "/v1/pair" ? next() : proved(context, next)));
  app.use("/v1/*", boundedBody({ bytes: contractLimits.batchBytes, ms: 15_000 }));
  addPair(app, parts);
  addMe(app);
  addEvents(app, parts);
  app.notFound(() => problemResponse("not-found", "See /openapi.json for what there is."));
  app.onError((error, context) => {
    if (error instanceof HTTPException) return problemOfException(error, context);
    const { code, detail, headers } = problemOf(error);
    return problemResponse(code, detail, headers);
  });
  return app;
}
