// Talks to the API: one call a request, every answer parsed, every failure sorted by what the caller must do about it.
import type { z } from "zod";
import { EventPage, Problem, PushResponse } from "../../shared/decisions.ts";

/** Why a request did not do its work, and so what comes next. */
export type Failure =
  /** No answer, or one that says "later": the same again after a while. */
  | { kind: "retry"; reason: string /** Milliseconds that the server asks to wait. */; afterMs: number | null }
  /** The key is not (or no longer) good: a person has to connect anew. */
  | { kind: "signed-out"; reason: string }
  /** The server's history is another one than the cursor's. */
  | { kind: "other-epoch" }
  /** The request as a whole is wrong: the same again would be refused again. */
  | { kind: "refused"; problem: z.infer<typeof Problem> };

export type Answer<T> =
  | { ok: true; value: T /** The server's clock, milliseconds since 1970. */; serverTime: number | null }
  | { ok: false; failure: Failure; status: number | null };

export interface Api {
  /** @param body a PushRequest as JSON. */
  push(body: string): Promise<Answer<z.infer<typeof PushResponse>>>;
  /** @param after an opaque cursor; null begins at the beginning. */
  pull(after: string | null, limit: number): Promise<Answer<z.infer<typeof EventPage>>>;
  /** For the list of what left the machine. */
  readonly pushUrl: string;
}

interface Options {
  /** Without a slash at the end. */
  baseUrl: string;
  key: string;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** A signal that fires after the longest that a request may take. */
  timeout?: () => AbortSignal;
}

/** Longest wait that a server may ask for: its clock or its wish may be wrong, and reviews should go out today. */
const longestRetryAfterMs = 3_600_000;

export function createApi({ baseUrl, key, fetch, timeout = () => AbortSignal.timeout(30_000) }: Options): Api {
  const call = async <T>(path: string, init: RequestInit, shape: z.ZodType<T>): Promise<Answer<T>> => {
    let response: Response;
    let text: string;
    try {
      response = await fetch(baseUrl + path, {
        ...init,
        headers: { authorization: `Bearer ${key}`, accept: "application/json", ...init.headers },
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        signal: timeout(),
      });
      text = await response.text();
    } catch (error) {
      return { ok: false, status: null, failure: { kind: "retry", reason: `No answer: ${messageOf(error)}`, afterMs: null } };
    }
    const { status } = response;
    const body = jsonOf(text);
    if (response.ok) {
      const parsed = shape.safeParse(body);
      if (parsed.success) return { ok: true, value: parsed.data, serverTime: dateOf(response) };
      return { ok: false, status, failure: { kind: "retry", reason: "The server's answer is not one that SecTag knows.", afterMs: null } };
    }
    return { ok: false, status, failure: failureOf(response, body) };
  };
  return {
    pushUrl: `${baseUrl}/v1/events`,
    push: (body) => call("/v1/events", { method: "POST", headers: { "content-type": "application/json" }, body }, PushResponse),
    pull: (after, limit) => {
      const query = new URLSearchParams({ limit: String(limit), ...(after === null ? {} : { after }) });
      return call(`/v1/events?${query}`, { method: "GET" }, EventPage);
    },
  };
}

function failureOf(response: Response, body: unknown): Failure {
  const { status } = response;
  const parsed = Problem.safeParse(body);
  const reason = parsed.success ? (parsed.data.detail ?? parsed.data.title) : `The server answered ${status}.`;
  if (status === 401 || status === 403) return { kind: "signed-out", reason };
  if (status === 410) return { kind: "other-epoch" };
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return { kind: "retry", reason, afterMs: retryAfterOf(response) };
  // Given up is only what our API itself says is wrong with the content. A page of a proxy, a route that a server does not have (yet), or a
  // body that was damaged on the way (we send JSON) say nothing about it.
  const aboutContent = parsed.success && [400, 413, 422].includes(status) && parsed.data.type !== "urn:sectag:problem:malformed-json";
  return aboutContent ? { kind: "refused", problem: parsed.data } : { kind: "retry", reason, afterMs: retryAfterOf(response) };
}

/** Seconds or a date, as milliseconds from the server's own clock; null without a usable one. */
function retryAfterOf(response: Response): number | null {
  const header = response.headers.get("retry-after");
  if (!header) return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - (dateOf(response) ?? Number.NaN);
  return ms >= 0 ? Math.min(ms, longestRetryAfterMs) : null;
}

function dateOf(response: Response): number | null {
  const at = Date.parse(response.headers.get("date") ?? "");
  return Number.isFinite(at) ? at : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // No JSON is no answer of ours: the caller's schema says so.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
