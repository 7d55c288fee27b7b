// A page's way to the model's host: one port, ids, time-outs; reconnects when the host was replaced.
import type { AnalyzeRequest, Suggestion } from "../../shared/contract.ts";
import { PortReply, type PortRequest } from "../messages.ts";

interface Port {
  postMessage(message: PortRequest): void;
  onMessage: { addListener(listener: (message: unknown) => void): void };
  onDisconnect: { addListener(listener: () => void): void };
  disconnect(): void;
}

interface Options {
  /** Sees that the host runs; rejects with a reason for people. */
  ensure(): Promise<void>;
  connect(): Port;
  /** Longest silence of the host before the call is given up, in ms; every progress message starts it anew. */
  silenceMs?: number;
}

interface Call {
  resolve(suggestion: Suggestion): void;
  reject(error: Error): void;
  onProgress(progress: number): void;
  alive(): void;
}

export interface AnalyzeClient {
  analyze(request: AnalyzeRequest, options: { signal: AbortSignal; onProgress(progress: number): void }): Promise<Suggestion>;
}

/** One retry on a new connection when the host went away; then the error reaches the page. */
export function createAnalyzeClient({ ensure, connect, silenceMs = 30_000 }: Options): AnalyzeClient {
  let port: Port | null = null;
  let lastId = 0;
  const calls = new Map<number, Call>();

  const failAll = (message: string) => {
    for (const call of [...calls.values()]) call.reject(new Error(message));
  };
  const open = async (): Promise<Port> => {
    await ensure();
    if (port) return port;
    const opened = connect();
    port = opened;
    opened.onMessage.addListener((message) => {
      const reply = PortReply.safeParse(message);
      if (!reply.success) return; // Not of our table: another receiver's business.
      const call = calls.get(reply.data.id);
      call?.alive();
      if (reply.data.kind === "progress") call?.onProgress(reply.data.progress);
      else if (reply.data.kind === "answer") call?.resolve(reply.data.suggestion);
      else call?.reject(new Error(reply.data.message));
    });
    opened.onDisconnect.addListener(() => {
      if (port === opened) port = null;
      failAll("disconnected");
    });
    return opened;
  };

  const once = async (request: AnalyzeRequest, signal: AbortSignal, onProgress: (progress: number) => void): Promise<Suggestion> => {
    const to = await open();
    signal.throwIfAborted();
    const id = ++lastId;
    return await new Promise<Suggestion>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const finish = () => {
        clearTimeout(timer);
        calls.delete(id);
        signal.removeEventListener("abort", cancel);
      };
      const fail = (error: Error) => {
        finish();
        reject(error);
      };
      const cancel = () => {
        if (port === to) to.postMessage({ kind: "cancel", id });
        fail(new DOMException("The ticket changed", "AbortError"));
      };
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          // A host that says nothing may be gone without a disconnect: the next call makes a new connection.
          if (port === to) port = null;
          to.disconnect();
          fail(new Error("disconnected"));
        }, silenceMs);
      };
      calls.set(id, {
        alive,
        onProgress,
        reject: fail,
        resolve: (suggestion) => {
          finish();
          resolve(suggestion);
        },
      });
      signal.addEventListener("abort", cancel);
      alive();
      to.postMessage({ kind: "analyze", id, request });
    });
  };

  return {
    async analyze(request, { signal, onProgress }) {
      try {
        return await once(request, signal, onProgress);
      } catch (error) {
        if (signal.aborted || !(error instanceof Error) || error.message !== "disconnected") throw error;
      }
      try {
        return await once(request, signal, onProgress);
      } catch (error) {
        if (!signal.aborted && error instanceof Error && error.message === "disconnected") {
          throw new Error("The model's process stopped twice. Reload the page; if it happens again, restart the browser.");
        }
        throw error;
      }
    },
  };
}
