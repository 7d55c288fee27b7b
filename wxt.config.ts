// Build of the extension: manifest, content security policy, the files of onnxruntime-web and the packaged model.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig } from "wxt";
import { extensionKey } from "./shared/extension-id.ts";

const root = import.meta.dirname;

/** Folder of the model that is packaged: the stable one, or models/$SECTAG_MODEL (tests use `tiny`). */
function modelFolder(): string {
  const channels = JSON.parse(readFileSync(join(root, "models", "channels.json"), "utf8")) as { stable: string };
  const folder = join(root, "models", process.env.SECTAG_MODEL ?? channels.stable);
  if (!existsSync(join(folder, "manifest.json"))) throw new Error(`No model in ${folder}: it has no manifest.json`);
  return folder;
}

/** Public keys that releases of the model may be signed with: those of $SECTAG_RELEASE_KEYS, else those of the repository. */
function releaseKeys(): string[] {
  const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(root, ...path), "utf8"));
  const packaged = read("shared", "release-keys.json") as { keys: string[] };
  // The tiny model is for tests, and only a build with it trusts the tests' key, whose secret everybody has.
  const tests = read("tests", "fixtures", "release", "key.json") as { publicKey: string };
  const others = process.env.SECTAG_MODEL === "tiny" ? [tests.publicKey] : packaged.keys;
  const keys = process.env.SECTAG_RELEASE_KEYS?.split(/[\s,]+/).filter(Boolean) ?? others;
  for (const key of keys)
    if (!/^[0-9a-f]{64}$/.test(key)) throw new Error(`No public key of a release: ${key}. It has 64 hexadecimal digits.`);
  return keys;
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
  modules: ["@wxt-dev/module-react", "@wxt-dev/i18n/module"],
  imports: false,
  manifestVersion: 3,
  manifest: ({ browser, mode }) => ({
    name: "__MSG_extension_name__",
    description: "__MSG_extension_description__",
    default_locale: "en",
    permissions: ["activeTab", "alarms", "scripting", "storage", "unlimitedStorage", ...(browser === "firefox" ? [] : ["offscreen"])],
    // Never asked for at the installation: one origin at a time, when a person adds it (ADR 0018).
    optional_host_permissions: ["https://*/*", "http://*/*"],
    ...(browser === "firefox"
      ? { browser_specific_settings: { gecko: { id: "sectag@sectag.example", strict_min_version: "140.0" } } }
      : { minimum_chrome_version: "137", incognito: "split" as const, key: extensionKey }),
    storage: { managed_schema: "policy.json" },
    content_security_policy: {
      extension_pages: [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        // Servers that a person may pair with: over https, or on this machine (also for the development server). Before that nothing is connected to.
        `connect-src 'self' https: http://127.0.0.1:* http://localhost:*${mode === "development" ? " ws://localhost:*" : ""}`,
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
      "toggle-card": { suggested_key: { default: "Alt+Shift+S" }, description: "__MSG_extension_toggleCard__" },
    },
  }),
  vite: () => ({
    define: { __SECTAG_RELEASE_KEYS__: JSON.stringify(releaseKeys()) },
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
