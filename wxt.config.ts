// Build of the extension: manifest, content security policy, the files of onnxruntime-web and the packaged model.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig } from "wxt";

const root = import.meta.dirname;

/** Folder of the model that is packaged: the stable one, or models/$SECTAG_MODEL (tests use `tiny`). */
function modelFolder(): string {
  const channels = JSON.parse(readFileSync(join(root, "models", "channels.json"), "utf8")) as { stable: string };
  const folder = join(root, "models", process.env.SECTAG_MODEL ?? channels.stable);
  if (!existsSync(join(folder, "manifest.json"))) throw new Error(`No model in ${folder}: it has no manifest.json`);
  return folder;
}

function filesBelow(folder: string, prefix = ""): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(folder, join(prefix, entry.name)) : [join(prefix, entry.name)],
  );
}

// Both ORT builds lie under /ort/: `wasm` is the default, `jspi` carries WebGPU (PLATFORM: same results as asyncify, 10 MB smaller).
const ortFiles = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.jspi"].flatMap((name) => [`${name}.wasm`, `${name}.mjs`]);

export default defineConfig({
  srcDir: "extension",
  publicDir: "extension/public",
  outDir: process.env.SECTAG_OUT ?? ".output",
  modules: ["@wxt-dev/module-react"],
  imports: false,
  manifestVersion: 3,
  manifest: ({ browser, mode }) => ({
    name: "SecTag",
    description: "Tags security tickets in Jira and ServiceNow on your own machine.",
    permissions: browser === "firefox" ? ["storage", "unlimitedStorage"] : ["offscreen", "storage", "unlimitedStorage"],
    ...(browser === "firefox"
      ? { browser_specific_settings: { gecko: { id: "sectag@sectag.example", strict_min_version: "140.0" } } }
      : { minimum_chrome_version: "137", incognito: "split" as const }),
    content_security_policy: {
      extension_pages: [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        // The development server is the only host that is ever connected to, and only in development.
        `connect-src 'self'${mode === "development" ? " ws://localhost:* http://localhost:*" : ""}`,
        "style-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        ...(mode === "development" ? [] : ["require-trusted-types-for 'script'", "trusted-types sectag-worker default"]),
      ].join("; "),
    },
    cross_origin_embedder_policy: { value: "require-corp" },
    cross_origin_opener_policy: { value: "same-origin" },
    commands: {
      "toggle-card": { suggested_key: { default: "Alt+Shift+S" }, description: "Open or close the SecTag card in the ticket" },
    },
  }),
  vite: () => ({
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production", "import", "default"] },
    worker: { format: "es" },
  }),
  hooks: {
    "build:publicAssets": (_wxt, files) => {
      for (const name of ortFiles)
        files.push({ absoluteSrc: resolve(root, "node_modules/onnxruntime-web/dist", name), relativeDest: `ort/${name}` });
      const model = modelFolder();
      for (const name of filesBelow(model)) files.push({ absoluteSrc: join(model, name), relativeDest: `model/${name}` });
    },
  },
});
