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
  onLoading(progress: number): void;
  alive(): void;
}

interface CallOptions {
  textCut: boolean;
  signal: AbortSignal;
  /** Share of the model that is loaded, while it loads. */
  onLoading(progress: number): void;
}

export interface AnalyzeClient {
  analyze(request: AnalyzeRequest, options: CallOptions): Promise<Suggestion>;
  /** Gives the port up; the next call opens another. For pages that the browser puts away: it closes their ports without a word. */
  close(): void;
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
    if (port) return port;
    await ensure();
    if (port) return port;
    const opened = connect();
    port = opened;
    opened.onMessage.addListener((message) => {
      const reply = PortReply.safeParse(message);
      if (!reply.success) return; // Not of our table: another receiver's business.
      const call = calls.get(reply.data.id);
      call?.alive();
      if (reply.data.kind === "progress") {
        if (reply.data.phase === "loading") call?.onLoading(reply.data.progress);
      } else if (reply.data.kind === "answer") call?.resolve(reply.data.suggestion);
      else call?.reject(new Error(reply.data.message));
    });
    opened.onDisconnect.addListener(() => {
      if (port === opened) port = null;
      failAll("disconnected");
    });
    return opened;
  };

  const once = async (request: AnalyzeRequest, { textCut, signal, onLoading }: CallOptions): Promise<Suggestion> => {
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
        if (port === to) post(to, { kind: "cancel", id });
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
        onLoading,
        reject: fail,
        resolve: (suggestion) => {
          finish();
          resolve(suggestion);
        },
      });
      signal.addEventListener("abort", cancel);
      alive();
      try {
        to.postMessage({ kind: "analyze", id, request, textCut });
      } catch {
        // The browser closed the port and told nobody: the same as a disconnect.
        if (port === to) port = null;
        fail(new Error("disconnected"));
      }
    });
  };

  return {
    async analyze(request, options) {
      try {
        return await once(request, options);
      } catch (error) {
        if (options.signal.aborted || !isDisconnect(error)) throw error;
      }
      try {
        return await once(request, options);
      } catch (error) {
        if (options.signal.aborted || !isDisconnect(error)) throw error;
        throw new Error("The model's process stopped twice. Reload the page; if it happens again, restart the browser.");
      }
    },
    close() {
      const closing = port;
      port = null;
      closing?.disconnect();
      failAll("disconnected");
    },
  };
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Error && error.message === "disconnected";
}

/** Tells a host that may be gone already; then there is nothing to cancel. */
function post(port: Port, message: PortRequest): void {
  try {
    port.postMessage(message);
  } catch {
    return;
  }
}
