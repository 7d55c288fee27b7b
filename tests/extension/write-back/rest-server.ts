// The REST double behind a real HTTP server of its own, with the faults of a network, and the browser's rules for `fetch` from a page.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach } from "vitest";
import type { Fetch } from "../../../extension/write-back/ask-rest.ts";
import { createTicketRest, type TicketRest } from "../../desk/ticket-rest.ts";

export interface RestServer {
  rest: TicketRest;
  origin: string;
  /** Method, path and query of what arrived. */
  heard: string[];
  fetch: Fetch;
  /** The next change is done, and its answer is cut off. */
  loseAnswer(): void;
  /** Runs once before the next change arrives: somebody else is faster. */
  before(work: () => void): void;
  /** All answers from now on. */
  always(reply: { status: number; type: string; body: string }): void;
}

/** Each test has its own server. */
export function restServer(numbers: Readonly<Record<string, string>>): () => RestServer {
  let current: RestServer | null = null;
  let close = async () => {};
  beforeEach(async () => {
    const rest = createTicketRest(numbers);
    const heard: string[] = [];
    let lose = false;
    let work: (() => void) | null = null;
    let fixed: { status: number; type: string; body: string } | null = null;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
      const method = request.method ?? "";
      heard.push(`${method} ${url.pathname}${url.search}`);
      if (fixed) return void response.writeHead(fixed.status, { "content-type": fixed.type }).end(fixed.body);
      if (method !== "GET") {
        work?.();
        work = null;
      }
      const reply = rest.answer({ method, url, headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
      if (lose && method !== "GET") {
        lose = false;
        return void request.socket.destroy();
      }
      response.writeHead(reply?.status ?? 404, reply?.headers ?? {}).end(reply?.body ?? "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    close = () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    current = {
      rest,
      origin: `http://127.0.0.1:${port}`,
      heard,
      // Node has no page, so no mode; the rest of the request is as the browser gets it.
      fetch: (target, { mode: _mode, ...init }) => fetch(target, init),
      loseAnswer: () => {
        lose = true;
      },
      before: (next) => {
        work = next;
      },
      always: (reply) => {
        fixed = reply;
      },
    };
  });
  afterEach(() => close());
  return () => {
    if (!current) throw new Error("Only within a test");
    return current;
  };
}
