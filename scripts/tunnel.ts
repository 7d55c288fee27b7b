// A proxy that leads a browser's ticket hosts to the practice desk and refuses all others: for browsers that cannot map host names themselves.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";

export interface Tunnel {
  port: number;
  /** Hosts that were asked for and refused. */
  refused: Set<string>;
  close(): Promise<void>;
}

/** @param hosts that the desk answers for. */
export async function openTunnel(deskPort: number, hosts: readonly string[]): Promise<Tunnel> {
  const refused = new Set<string>();
  const open = new Set<Socket>();
  const server = createServer((request, response) => {
    refused.add(request.headers.host ?? "");
    response.writeHead(502).end();
  });
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  server.on("connect", (request, client, head: Buffer) => {
    const asked = (request.url ?? "").replace(/:443$/, "");
    if (!hosts.includes(asked)) {
      refused.add(asked);
      return client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    }
    const desk = connect(deskPort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      desk.write(head);
      desk.pipe(client);
      client.pipe(desk);
    });
    // One end has gone: so does the other.
    desk.on("error", () => client.destroy());
    client.on("error", () => desk.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The tunnel has no port");
  return {
    port: address.port,
    refused,
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}
