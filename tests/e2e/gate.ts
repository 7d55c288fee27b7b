// A gate in front of the real API: passes every request on, and stops at the moments that a test wants to use.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** Where a request is: nothing happened yet; the API has committed and answered, and the browser does not know. */
export type Moment = "arrived" | "answered";

export interface Gate {
  /** Put it in the place of the API's address. */
  baseUrl: string;
  /** Bodies of what the browser sent by POST, as they came. */
  bodies: string[];
  /** Called at each moment of each push; what it returns is waited for. */
  atPush: ((moment: Moment) => Promise<void> | void) | null;
  close(): Promise<void>;
}

export async function openGate(api: string): Promise<Gate> {
  const server = createServer((request, response) => {
    // The browser was killed, or the API: to the other side the line is dead.
    pass(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The gate has no port");
  const gate: Gate = {
    baseUrl: `http://127.0.0.1:${address.port}`,
    bodies: [],
    atPush: null,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const { method = "GET", url = "/" } = request;
    const isPush = method === "POST" && url === "/v1/events";
    if (method === "POST") gate.bodies.push(body.toString());
    if (isPush) await gate.atPush?.("arrived");
    const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
    const answer = await fetch(api + url, {
      method,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      ...(body.length > 0 ? { body } : {}),
    });
    const text = Buffer.from(await answer.arrayBuffer());
    if (isPush) await gate.atPush?.("answered");
    const { "content-encoding": _encoding, "transfer-encoding": _transfer, ...passed } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, { ...passed, "content-length": text.length });
    response.end(text);
  }
  return gate;
}
