// The network between browsers and server: what is asked may be lost, late, doubled, cut or answered by somebody else.
import { forgetTimeout } from "./globals.ts";
import type { Loop } from "./loop.ts";
import type { Random } from "./random.ts";
import type { Tally } from "./tally.ts";

/** How probable each trouble is, a request. */
export interface NetworkDials {
  /** The request never arrives. */
  lost: number;
  /** The request is done, the answer never arrives. */
  answerLost: number;
  /** The request arrives three times, at different times. */
  doubled: number;
  /** The body arrives in part. */
  cutRequest: number;
  cutAnswer: number;
  /** The answer takes longer than anybody waits. */
  slow: number;
  /** Somebody before the server says 429 with Retry-After. */
  tooMany: number;
  /** Somebody before the server says 500, 502 or 503: without asking it, or instead of its answer. */
  broken: number;
  /** Somebody before the server says 401 or 403. */
  forbidden: number;
  /** A sign-in page answers 200 with HTML. */
  portal: number;
  /** Longest way of a request or an answer, milliseconds. */
  latency: number;
}
export const soundNetwork: NetworkDials = {
  lost: 0,
  answerLost: 0,
  doubled: 0,
  cutRequest: 0,
  cutAnswer: 0,
  slow: 0,
  tooMany: 0,
  broken: 0,
  forbidden: 0,
  portal: 0,
  latency: 40,
};

export interface Call {
  /** Whose. */
  browser: string;
  url: string;
  init: RequestInit;
}

/** One request, as the world saw it. */
export interface Attempt {
  browser: string;
  at: number;
  method: string;
  /** Null: nobody answered. */
  status: number | null;
}

export interface Network {
  readonly dials: NetworkDials;
  /** Browsers that are off line. */
  readonly offline: Set<string>;
  /** Ids of decisions that somebody before the server never lets pass. */
  readonly refused: Set<string>;
  readonly attempts: Attempt[];
  send(call: Call): Promise<Response>;
}

interface NetworkOptions {
  loop: Loop;
  random: Random;
  tally: Tally;
  /** Rejects when there is no server, or when it dies meanwhile. */
  serve(request: Request): Promise<Response>;
  /** Is told of each answer of the server, whether it arrives or not. */
  onAnswer(body: string): void;
}

const tooLarge = JSON.stringify({ type: "urn:sectag:problem:too-large", title: "The body is too large", status: 413 });

interface Parcel {
  status: number;
  headers: Headers;
  body: string;
}

export function createNetwork({ loop, random, tally, serve, onAnswer }: NetworkOptions): Network {
  const dials = { ...soundNetwork };
  const offline = new Set<string>();
  const refused = new Set<string>();
  const attempts: Attempt[] = [];
  let count = 0;

  const happens = (kind: Exclude<keyof NetworkDials, "latency">, said: string, label: string): boolean => {
    if (dials[kind] === 0 || !random.chance(dials[kind])) return false;
    tally.count(said);
    loop.trace.note(`${label}: ${said}`);
    return true;
  };
  const way = () => random.between(1, dials.latency);

  const deliver = async (request: Request): Promise<Parcel> => {
    const response = await serve(request);
    const body = await response.text();
    if (response.status === 200) onAnswer(body);
    // As Node's server does.
    const headers = new Headers(response.headers);
    headers.set("date", new Date().toUTCString());
    return { status: response.status, headers, body };
  };

  /** One way there and one back. */
  const carry = async ({ url, init }: Call, label: string): Promise<Parcel | null> => {
    await loop.sleep(way());
    const body = typeof init.body === "string" ? init.body : null;
    if (happens("lost", "request lost", label)) return null;
    if (happens("portal", "sign-in page instead of the server", label))
      return said(200, "<html>Please sign in</html>", { "content-type": "text/html" });
    if (happens("tooMany", "429 with Retry-After", label)) return said(429, "", { "retry-after": String(random.between(1, 90)) });
    if (happens("forbidden", "401 or 403", label)) return said(random.pick([401, 403]), "");
    const broken = happens("broken", "500, 502 or 503", label)
      ? said(random.pick([500, 502, 503]), random.pick(["", "{}", "Bad gateway"]))
      : null;
    if (broken && random.chance(0.5)) return broken;
    if (body !== null && [...refused].some((id) => body.includes(`"id":"${id}"`)))
      return said(413, tooLarge, { "content-type": "application/problem+json" });
    const cut = body !== null && happens("cutRequest", "request cut", label);
    const make = () => {
      const { method = "GET", headers } = init;
      const sent = new Headers(headers);
      if (body !== null) sent.set("content-length", String(Buffer.byteLength(body)));
      return new Request(url, { method, headers: sent, body: cut ? body.slice(0, random.int(body.length)) : body });
    };
    if (happens("doubled", "request arrives three times", label))
      for (const late of [way() * 2, way() * 200]) loop.after(late, () => void deliver(make()).catch(() => undefined));
    let answer: Parcel;
    try {
      answer = await deliver(make());
    } catch {
      loop.trace.note(`${label}: the server is gone`);
      return null;
    }
    loop.trace.note(`${label}: ${answer.status}${answer.status >= 400 ? ` ${answer.body.slice(0, 200)}` : ""}`);
    if (broken) return broken;
    // Whose request breaks off has no connection any more to hear the answer on.
    if (cut) return null;
    if (happens("answerLost", "answer lost", label)) return null;
    if (happens("slow", "answer takes a minute", label)) await loop.sleep(60_000);
    await loop.sleep(way());
    if (happens("cutAnswer", "answer cut", label)) answer.body = answer.body.slice(0, random.int(answer.body.length));
    return answer;
  };

  return {
    dials,
    offline,
    refused,
    attempts,
    send(call) {
      const label = `${call.browser} request ${++count}`;
      const path = call.url.replace(/^https?:\/\/[^/]+/, "").replace(/after=[^&]+/, "after=…");
      loop.trace.note(`${label}: ${call.init.method ?? "GET"} ${path}`);
      const attempt: Attempt = { browser: call.browser, at: loop.now(), method: call.init.method ?? "GET", status: null };
      attempts.push(attempt);
      return new Promise((resolve, reject) => {
        // As a browser does: an aborted call ends at once, what it set off goes on.
        const { signal } = call.init;
        signal?.addEventListener("abort", () => reject(signal.reason));
        const unreachable = () => reject(new TypeError("Failed to fetch"));
        if (offline.has(call.browser)) {
          tally.count("off line");
          loop.after(5, unreachable);
          return;
        }
        carry(call, label).then((parcel) => {
          if (!parcel) {
            // Nobody says that nobody answers: the one who asked has to give up.
            if (random.chance(0.5)) unreachable();
            return;
          }
          attempt.status = parcel.status;
          if (signal) forgetTimeout(signal);
          resolve(new Response(parcel.body, { status: parcel.status, headers: parcel.headers }));
        }, reject);
      });
    },
  };

  function said(status: number, body: string, headers: Record<string, string> = {}): Parcel {
    return { status, headers: new Headers({ date: new Date().toUTCString(), ...headers }), body };
  }
}
