// The host's end of the pages' ports: checks who asks and what, answers every request once, stops work that nobody waits for.
import type { AnalyzeRequest, Suggestion } from "../../shared/contract.ts";
import { analyzePortName, type PortReply, PortRequest, senderAllowed } from "../messages.ts";

interface Port {
  name: string;
  sender?:
    | { id?: string | undefined; url?: string | undefined; origin?: string | undefined; tab?: { id?: number | undefined } | undefined }
    | undefined;
  postMessage(message: PortReply): void;
  onMessage: { addListener(listener: (message: unknown) => void): void };
  onDisconnect: { addListener(listener: () => void): void };
}

interface Options {
  runtime: { id: string; getURL(path: "/"): string; onConnect: { addListener(listener: (port: Port) => void): void } };
  analyze(
    request: AnalyzeRequest,
    options: { textCut: boolean; signal: AbortSignal; onLoading(progress: number): void; onProgress(progress: number): void },
  ): Promise<Suggestion>;
}

/** Starts answering. Ports of other names and senders are left alone: to disconnect them would close them for their owner. */
export function servePorts({ runtime, analyze }: Options): void {
  runtime.onConnect.addListener((port) => {
    if (port.name !== analyzePortName || !port.sender) return;
    const { sender } = port;
    const origin = runtime.getURL("/");
    if (!senderAllowed("page", sender, runtime.id, origin) && !senderAllowed("extension", sender, runtime.id, origin)) return;
    const running = new Map<number, AbortController>();
    let open = true;
    const reply = (message: PortReply) => {
      if (open) port.postMessage(message);
    };
    port.onDisconnect.addListener(() => {
      open = false;
      for (const controller of running.values()) controller.abort();
    });
    port.onMessage.addListener((message) => {
      const parsed = PortRequest.safeParse(message);
      if (!parsed.success) {
        const id = idOf(message);
        if (id !== null)
          reply({ kind: "error", id, message: `The request is not valid: ${parsed.error.issues[0]?.message ?? "unknown shape"}` });
        return;
      }
      const { data } = parsed;
      if (data.kind === "cancel") return running.get(data.id)?.abort();
      const controller = new AbortController();
      running.set(data.id, controller);
      void analyze(data.request, {
        textCut: data.textCut,
        signal: controller.signal,
        onLoading: (progress) => reply({ kind: "progress", id: data.id, phase: "loading", progress }),
        onProgress: (progress) => reply({ kind: "progress", id: data.id, phase: "reading", progress }),
      })
        .then(
          (suggestion) => reply({ kind: "answer", id: data.id, suggestion }),
          (error: unknown) => reply({ kind: "error", id: data.id, message: error instanceof Error ? error.message : String(error) }),
        )
        .finally(() => running.delete(data.id));
    });
  });
}

function idOf(message: unknown): number | null {
  return typeof message === "object" &&
    message !== null &&
    "id" in message &&
    typeof message.id === "number" &&
    Number.isInteger(message.id)
    ? message.id
    : null;
}
