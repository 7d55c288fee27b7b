// Every error's one shape (RFC 9457): which there are, how they are answered, and what becomes of thrown ones.
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";
import type { Problem } from "../shared/decisions.ts";
import { databaseCode } from "./patient-client.ts";

/** code -> status and title. */
const problems = {
  "malformed-json": [400, "The body is not JSON"],
  "invalid-request": [400, "The request is not as the contract says"],
  "invalid-cursor": [400, "The cursor is not one of this server for this key"],
  "key-missing": [401, "No API key was given"],
  "key-invalid": [401, "The API key is not valid"],
  "scope-missing": [403, "The key may not do this"],
  "pairing-invalid": [403, "The pairing code is not valid"],
  "not-found": [404, "There is nothing here"],
  "publishing-off": [403, "This server takes no releases"],
  "method-not-allowed": [405, "This method is not allowed here"],
  "too-slow": [408, "The body took too long to arrive"],
  conflict: [409, "This contradicts what is stored"],
  "length-missing": [411, "The length of the body was not given"],
  "history-changed": [410, "The server's history is another one"],
  "too-large": [413, "The body is too large"],
  "unsupported-type": [415, "This type or encoding of body is not understood"],
  "range-wrong": [416, "The file has no such bytes"],
  "other-bytes": [422, "The bytes are not those that were announced"],
  "release-refused": [422, "The release is not taken"],
  "invalid-event": [422, "The event is not as the contract says"],
  "id-taken": [409, "The event's id is taken by another event"],
  "too-many-requests": [429, "Too many requests"],
  busy: [429, "The server has as much to write as it can take"],
  internal: [500, "The server failed"],
  "database-unavailable": [503, "The database cannot be used now"],
  "database-outdated": [503, "The database's tables are not up to date"],
  "database-full": [507, "The disk of the database is full"],
  "store-unavailable": [503, "The models' files cannot be reached now"],
  "store-full": [507, "There is no room for the models' files"],
  "time-out": [503, "The server took too long"],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemCode = keyof typeof problems;

type Extra = Pick<Problem, "errors" | "instance">;

/** @param detail what to do about it. */
export function problem(code: ProblemCode, detail: string, extra: Extra = {}): Problem {
  const [status, title] = problems[code];
  return { type: `urn:sectag:problem:${code}`, title, status, detail, ...extra };
}

export function problemResponse(code: ProblemCode, detail: string, headers: Record<string, string> = {}, extra: Extra = {}): Response {
  return new Response(JSON.stringify(problem(code, detail, extra)), {
    status: problems[code][0],
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** Ends the request with this problem. */
export function refuse(code: ProblemCode, detail: string, headers: Record<string, string> = {}): never {
  const res = problemResponse(code, detail, headers);
  throw new HTTPException(problems[code][0], { res });
}

const MOST_ERRORS = 20;
const LONGEST_MESSAGE = 300;

/** zod's issues as the contract's `errors`: what is wrong where, never the value that was sent. */
export function errorsOf(error: z.ZodError): NonNullable<Problem["errors"]> {
  return error.issues.slice(0, MOST_ERRORS).map(({ path, message }) => ({
    path: path.map(String).join(".").slice(0, LONGEST_MESSAGE),
    message: message.slice(0, LONGEST_MESSAGE),
  }));
}

/** What a database says that may work again later: locked, read-only, damaged until restored, closed, or not reached. */
const passing =
  /^(SQLITE_(BUSY|LOCKED|READONLY|IOERR|CANTOPEN|CORRUPT|NOTADB|PROTOCOL|PERM|AUTH|NOMEM|INTERRUPT)|CLIENT_CLOSED|TRANSACTION_|HRANA_|SERVER_ERROR)/;

/** What an unexpected error is called to the client; a database's troubles pass, so they are said to be worth another try. */
export function problemOf(error: unknown): { code: ProblemCode; detail: string; headers?: Record<string, string> } {
  const again = { "retry-after": "5" };
  const code = databaseCode(error);
  if (code === "SQLITE_FULL")
    return {
      code: "database-full",
      detail: "Nothing was stored. Free space on the server's disk; then send it again.",
      headers: { "retry-after": "60" },
    };
  if (passing.test(code)) return { code: "database-unavailable", detail: "Nothing was stored. Send it again later.", headers: again };
  return { code: "internal", detail: "Send it again later; if it stays so, give the operator the request id." };
}

/** Answers of Hono's own (a body that is no JSON, a type that is not JSON) in our shape. */
export function problemOfException(error: HTTPException, context: Context): Response {
  if (error.res) return error.res;
  if (error.status === 415) return problemResponse("unsupported-type", "Send the body as application/json.");
  if (error.status === 400) return problemResponse("malformed-json", "Send one JSON value in UTF-8.");
  context.header("retry-after", "5");
  return problemResponse("internal", "Send it again later.");
}
