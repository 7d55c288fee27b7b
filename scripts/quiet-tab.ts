// A browser tab as a person has it, for measurements: no debugger's Runtime domain is on, with which each `new Error()` reads its script anew.
import type { BrowserContext, CDPSession } from "puppeteer-core";
import { until } from "./until.ts";

export interface QuietTab {
  /** Loads an address; resolves when the function says true in it. */
  goto(url: string, ready: () => boolean): Promise<void>;
  /** Runs the function in the page. It is sent as text: it may use its arguments and nothing around it. @throws Error with the page's own. */
  run<A extends unknown[], T>(work: (...args: A) => T | Promise<T>, ...args: A): Promise<T>;
  startTrace(categories: string[]): Promise<void>;
  /** @returns the trace as JSON. */
  endTrace(): Promise<Buffer>;
  close(): Promise<void>;
}

export async function openQuietTab(context: BrowserContext): Promise<QuietTab> {
  const root = await context.browser().target().createCDPSession();
  const { targetId } = await root.send("Target.createTarget", {
    url: "about:blank",
    ...(context.id ? { browserContextId: context.id } : {}),
  });
  await root.send("Target.activateTarget", { targetId });
  const { sessionId } = await root.send("Target.attachToTarget", { targetId, flatten: true });
  const session = root.connection()?.session(sessionId);
  if (!session) throw new Error("The browser gave no session of the tab");
  const run: QuietTab["run"] = async (work, ...args) => {
    const expression = `(${work.toString()})(...${JSON.stringify(args)})`;
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  return {
    run,
    async goto(url, ready) {
      await session.send("Page.navigate", { url });
      // Between two documents there is none to ask.
      await until(url, () => run(ready).catch(() => false));
    },
    startTrace: (includedCategories) =>
      root.send("Tracing.start", { transferMode: "ReturnAsStream", traceConfig: { excludedCategories: ["*"], includedCategories } }),
    async endTrace() {
      const complete = new Promise<{ stream?: string }>((resolve) => root.once("Tracing.tracingComplete", resolve));
      await root.send("Tracing.end");
      const { stream } = await complete;
      if (!stream) throw new Error("The browser gave no trace");
      return readStream(root, stream);
    },
    async close() {
      await root.send("Target.closeTarget", { targetId });
      await root.detach();
    },
  };
}

async function readStream(session: CDPSession, handle: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const { data, base64Encoded, eof } = await session.send("IO.read", { handle });
    parts.push(Buffer.from(data, base64Encoded ? "base64" : "utf8"));
    if (eof) break;
  }
  await session.send("IO.close", { handle });
  return Buffer.concat(parts);
}
