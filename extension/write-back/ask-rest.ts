// Asks a ticket system's own REST interface, at the page's origin and with the person's session, and says in one word what went wrong.
import type { ZodType } from "zod";
import type { ProblemCode } from "../../shared/write-back.ts";

export type Answer<T> = { ok: true; value: T } | { ok: false; code: ProblemCode };
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Request {
  /** The whole address. */
  url: URL;
  method: "GET" | "PUT" | "PATCH" | "POST";
  body?: unknown;
  headers?: Record<string, string>;
}

const waitMs = 15_000;
const byStatus: Readonly<Record<number, ProblemCode>> = {
  401: "signedOut",
  403: "forbidden",
  404: "missing",
  409: "changed",
  410: "missing",
  412: "changed",
  429: "busy",
};

/** @returns the answer of a status that says success, whatever its body. `origin` is the page's: nothing goes anywhere else. */
async function send(fetch: Fetch, origin: string, { url, method, body, headers }: Request): Promise<Answer<Response>> {
  if (url.origin !== origin) return { ok: false, code: "odd" };
  let response: Response;
  try {
    response = await fetch(url.href, {
      method,
      headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      mode: "same-origin",
      credentials: "same-origin",
      // A page that hides its address would make the request's origin "null", which Jira refuses; no other origin gets to see it.
      referrerPolicy: "same-origin",
      cache: "no-store",
      // To a page where one signs in, most likely of another origin: never followed.
      redirect: "manual",
      signal: AbortSignal.timeout(waitMs),
    });
  } catch {
    return { ok: false, code: method === "GET" ? "unreachable" : "unknown" };
  }
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) return { ok: false, code: "signedOut" };
  if (response.ok) return { ok: true, value: response };
  return { ok: false, code: byStatus[response.status] ?? (response.status >= 500 ? "busy" : "refused") };
}

/** Reads one record. `version` is the answer's ETag, where there is one. */
export async function readRecord<T>(
  fetch: Fetch,
  origin: string,
  request: Omit<Request, "method">,
  shape: ZodType<T>,
): Promise<Answer<{ record: T; version: string }>> {
  const sent = await send(fetch, origin, { ...request, method: "GET" });
  if (!sent.ok) return sent;
  const { headers } = sent.value;
  // Who is not signed in gets a page to do so, with status 200 (Jira Cloud) or after a proxy's doing.
  if (!isJson(headers)) return { ok: false, code: "signedOut" };
  const body: unknown = await sent.value.json().catch(() => null);
  const parsed = shape.safeParse(body);
  if (!parsed.success) return { ok: false, code: "odd" };
  return { ok: true, value: { record: parsed.data, version: headers.get("etag") ?? "" } };
}

/** Changes one record; its answer's body is nobody's business: what was done is read from the ticket. */
export async function changeRecord(fetch: Fetch, origin: string, request: Request): Promise<Answer<null>> {
  const sent = await send(fetch, origin, request);
  if (!sent.ok) return sent;
  // Jira answers 204 without a body.
  if (sent.value.status !== 204 && !isJson(sent.value.headers)) return { ok: false, code: "signedOut" };
  return { ok: true, value: null };
}

function isJson(headers: Headers): boolean {
  return /^application\/(?:[a-z.+-]+\+)?json\b/i.test(headers.get("content-type") ?? "");
}
