// Runs worker.ts under real workerd, for tests.
import { Miniflare } from "miniflare";
import { build } from "vite";
import { onTestFinished } from "vitest";

export const token = "remote-token";

/** worker.ts as one module, as a deploy tool makes it. */
async function bundled(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "error",
    ssr: { target: "webworker", noExternal: true, resolve: { conditions: ["workerd", "worker", "module", "import", "default"] } },
    build: {
      ssr: "worker-api/worker.ts",
      write: false,
      minify: false,
      rolldownOptions: { external: /^node:/, output: { codeSplitting: false } },
    },
  });
  const [chunk] = "output" in result ? result.output : [];
  if (chunk?.type !== "chunk") throw new Error("vite made no chunk");
  return chunk.code;
}

/** @returns its origin. `bindings` are variables beside those of the database. */
export async function startWorker(database: string, bindings: Record<string, string> = {}): Promise<string> {
  const worker = new Miniflare({
    modules: true,
    script: await bundled(),
    compatibilityDate: "2026-07-01",
    compatibilityFlags: ["nodejs_compat"],
    bindings: { SECTAG_DATABASE: database, SECTAG_DATABASE_TOKEN: token, SECTAG_LOG: "error", ...bindings },
  });
  onTestFinished(() => worker.dispose());
  return (await worker.ready).origin;
}
