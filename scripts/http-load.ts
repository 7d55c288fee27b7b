// A lean HTTP/1.1 client for load: whole requests as bytes over kept-open sockets, so that the client costs less than the server it measures.
import { connect, type Socket } from "node:net";

export interface Answer {
  status: number;
  retryAfter: boolean;
  body: Buffer;
  ms: number;
}

/** @returns the bytes of a request. */
export function requestBytes(method: string, path: string, key: string, body?: string): Buffer {
  const length = body === undefined ? "" : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\n${length}\r\n${body ?? ""}`);
}

/** One kept-open connection, one request at a time. */
function openLane(port: number) {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  let chunks: Buffer[] = [];
  let got = 0;
  let head: ReturnType<typeof headOf> = null;
  let settle: { resolve(answer: Answer): void; reject(error: Error): void; began: number } | undefined;
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    got += chunk.length;
    head ??= headOf(chunks.length === 1 ? chunk : Buffer.concat(chunks));
    if (!head || got < head.length + head.bodyLength) return;
    const { status, retryAfter, length } = head;
    const body = Buffer.concat(chunks).subarray(length);
    [chunks, got, head] = [[], 0, null];
    settle?.resolve({ status, retryAfter, body, ms: performance.now() - settle.began });
  });
  const fail = (error: Error) => settle?.reject(error);
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("The server closed the connection")));
  const send = (request: Buffer) =>
    new Promise<Answer>((resolve, reject) => {
      settle = { resolve, reject, began: performance.now() };
      socket.write(request);
    });
  /** False once the server has closed it, as it does with an idle one. */
  const usable = () => !socket.destroyed && !socket.readableEnded;
  return { send, usable, close: () => socket.destroy() };
}

/** @returns null as long as the head is not whole. */
function headOf(bytes: Buffer) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const text = bytes.toString("latin1", 0, end);
  const bodyLength = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  if (bodyLength === undefined) throw new Error("An answer without a length");
  return {
    status: Number(text.slice(9, 12)),
    retryAfter: /\r\nretry-after: \d/i.test(text),
    length: end + 4,
    bodyLength: Number(bodyLength),
  };
}

/** Connections that are taken for a request and given back after it. */
export function openLanes(port: number, most: number) {
  let idle: ReturnType<typeof openLane>[] = [];
  let busy = 0;
  return {
    free: () => busy < most,
    /** @throws (rejects) when the connection breaks. */
    send(request: Buffer): Promise<Answer> {
      idle = idle.filter((lane) => lane.usable());
      const lane = idle.pop() ?? openLane(port);
      busy++;
      return lane
        .send(request)
        .then((answer) => {
          idle.push(lane);
          return answer;
        })
        .finally(() => busy--);
    },
    close: () => {
      for (const lane of idle) lane.close();
    },
  };
}

export interface Offer<T extends { request: Buffer }> {
  port: number;
  perSecond: number;
  seconds: number;
  next(): T | undefined;
  answered(item: T, answer: Answer): void;
}

/** Sends at a rate, whether or not it is answered. @returns what came back, and how many a second were really sent. */
export async function offer<T extends { request: Buffer }>({ port, perSecond, seconds, next, answered }: Offer<T>) {
  const lanes = openLanes(port, 400);
  const latencies: Record<number, number[]> = {};
  const open = new Set<Promise<void>>();
  let withoutRetryAfter = 0;
  let sent = 0;
  const began = performance.now();
  const passed = () => (performance.now() - began) / 1000;
  while (passed() < seconds) {
    for (const due = passed() * perSecond; sent < due; sent++) {
      const item = lanes.free() ? next() : undefined;
      if (!item) break;
      const done = lanes.send(item.request).then((answer) => {
        open.delete(done);
        latencies[answer.status] ??= [];
        latencies[answer.status]?.push(answer.ms);
        if (answer.status === 429 && !answer.retryAfter) withoutRetryAfter++;
        answered(item, answer);
      });
      open.add(done);
    }
    await new Promise((turn) => setTimeout(turn, 1));
  }
  const offered = sent / passed();
  await Promise.all(open);
  lanes.close();
  const perStatus = (figure: (all: number[]) => number) =>
    Object.fromEntries(Object.entries(latencies).map(([status, all]) => [status, Math.round(figure(all))]));
  const p99 = perStatus((all) => all.sort((a, b) => a - b)[Math.floor(all.length * 0.99)] ?? 0);
  return { statuses: perStatus((all) => all.length), p99, withoutRetryAfter, offered };
}
