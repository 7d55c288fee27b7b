// Builds the page bundles of the desk with vite, once per state of the sources; the result is kept under .cache/desk.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const cache = fileURLToPath(new URL("../../.cache/desk/", import.meta.url));

/** Bundle name -> its entry file. */
const ENTRIES = {
  watchdog: "watchdog.ts",
  jira: "jira-app.tsx",
  "jira-dc": "jira-dc-app.ts",
  "servicenow-frame": "servicenow-frame.ts",
  "servicenow-shell": "servicenow-shell.ts",
  "servicenow-workspace": "servicenow-workspace.ts",
  "servicenow-portal": "servicenow-portal.ts",
  "request-tracker": "request-tracker.ts",
} as const;
const STYLES = ["jira.css", "jira-dc.css", "servicenow.css", "request.css"] as const;

/** File name under /assets -> its text. */
export type DeskAssets = ReadonlyMap<string, string>;

async function sourceHash(): Promise<string> {
  const names = (await readdir(here)).filter((name) => /\.(ts|tsx|css)$/.test(name) && !name.endsWith(".test.ts")).sort();
  const lock = fileURLToPath(new URL("../../package-lock.json", import.meta.url));
  const hash = createHash("sha256").update(await readFile(lock));
  for (const name of names) hash.update(name).update(await readFile(join(here, name)));
  return hash.digest("hex").slice(0, 16);
}

async function buildInto(directory: string): Promise<void> {
  // Loaded only when something must be built: a warm start does not pay for it.
  const { build } = await import("vite");
  const environment = process.env.NODE_ENV;
  // A test runner sets "test" here, and vite would then compile JSX for a development React that is not bundled.
  process.env.NODE_ENV = "production";
  for (const [name, entry] of Object.entries(ENTRIES)) {
    await build({
      configFile: false,
      root: here,
      logLevel: "warn",
      resolve: {
        alias: [
          // ServiceNow's renderer names files of snabbdom by paths that its package exports under shorter ones.
          { find: /^snabbdom\/build\/package\//, replacement: "snabbdom/" },
          { find: /^ajv$/, replacement: join(here, "no-ajv.ts") },
        ],
      },
      define: { "process.env.NODE_ENV": JSON.stringify("production"), "process.env": "{}" },
      build: {
        outDir: directory,
        emptyOutDir: false,
        copyPublicDir: false,
        minify: true,
        lib: { entry: join(here, entry), formats: ["iife"], name: "desk", fileName: () => `${name}.js` },
      },
    });
  }
  if (environment === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = environment;
  for (const name of STYLES) await writeFile(join(directory, name), await readFile(join(here, name)));
}

/** The scripts and style sheets of the desk, built when the sources changed. @throws Error of vite when a source does not compile. */
export async function deskAssets(): Promise<DeskAssets> {
  const directory = join(cache, await sourceHash());
  const ready = await readdir(directory).catch(() => []);
  if (ready.length === 0) {
    // Built beside and renamed: two test files that start a desk at the same time never see half a bundle.
    const building = `${directory}.${process.pid}.${Date.now()}`;
    await mkdir(building, { recursive: true });
    await buildInto(building);
    await rename(building, directory).catch(() => rm(building, { recursive: true }));
    for (const old of await readdir(cache))
      if (join(cache, old) !== directory && !old.includes(".")) await rm(join(cache, old), { recursive: true });
  }
  const assets = new Map<string, string>();
  for (const name of await readdir(directory)) assets.set(name, await readFile(join(directory, name), "utf8"));
  return assets;
}
