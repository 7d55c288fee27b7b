// The house rules that a reader relies on: import borders, file size, one job in the first line, no forbidden names.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const skip = new Set([
  "node_modules",
  ".git",
  ".venv",
  ".cache",
  ".output",
  ".wxt",
  ".runs",
  "artifacts",
  "__pycache__",
  "fixtures",
  "models",
]);

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skip.has(entry.name) || entry.name.endsWith("_cache") ? [] : filesBelow(path);
    return [path];
  });
}

const files = filesBelow(".");
const code = files.filter((file) => /\.(ts|tsx|mjs)$/.test(file));

/** folder -> what it may import: relative folders and packages. Types may come from anywhere in `types`. */
const borders: Record<string, { folders: string[]; packages: RegExp; types?: string[] }> = {
  shared: { folders: ["shared"], packages: /^zod$/ },
  "extension/sites": { folders: ["extension/sites", "shared"], packages: /^$/ },
  "extension/page": { folders: ["extension/page", "shared"], packages: /^uuid$/, types: ["extension/sites"] },
  "extension/write-back": { folders: ["extension/write-back", "shared"], packages: /^zod$/ },
  "extension/ui": { folders: ["extension/ui", "shared"], packages: /^react(-dom)?(\/.*)?$/, types: ["extension/messages.ts"] },
  "extension/store": {
    folders: ["extension/store", "extension/messages.ts", "shared"],
    packages: /^(dexie|ibantools|zod|wxt\/browser)$/,
    types: ["extension/inference"],
  },
  "extension/releases": { folders: ["extension/releases", "shared"], packages: /^(dexie|pbf|zod)$/ },
  "extension/inference": {
    folders: [
      "extension/inference",
      "extension/messages.ts",
      "extension/store/passage-cache.ts",
      "extension/releases/release-url.ts",
      "shared",
    ],
    packages: /^(onnxruntime-web(\/.*)?|zod|ipaddr\.js|tldts|wxt\/browser)$/,
  },
  "worker-api": {
    folders: ["worker-api", "shared"],
    packages: /^(zod|hono(\/.*)?|@hono\/.*|drizzle-orm(\/.*)?|drizzle-kit|@libsql\/client(\/.*)?|prom-client|aws4fetch|node:.*)$/,
  },
};

function importsOf(file: string): { from: string; typeOnly: boolean }[] {
  const text = readFileSync(join(root, file), "utf8");
  const pattern = /^(?:import\s+(type\s)?(?:[^"';]*?\sfrom\s+)?|export\s+(type\s)?[*{][^"';]*?\sfrom\s+)"([^"]+)"/gm;
  return [...text.matchAll(pattern)].map((match) => ({ from: match[3] ?? "", typeOnly: Boolean(match[1] ?? match[2]) }));
}

test("nobody imports over a border", () => {
  const broken: string[] = [];
  for (const file of code) {
    const border = Object.entries(borders).find(([folder]) => file.startsWith(`${folder}/`))?.[1];
    for (const { from, typeOnly } of importsOf(file)) {
      if (!from.startsWith(".")) {
        if (border && !border.packages.test(from)) broken.push(`${file} -> ${from}`);
        continue;
      }
      const target = normalize(relative(root, join(root, dirname(file), from.split("?")[0] ?? from)));
      if (target.startsWith("extension/entrypoints/") && !file.startsWith("extension/entrypoints/"))
        broken.push(`${file} -> ${target} (an entrypoint)`);
      const allowed = border && [...border.folders, ...(typeOnly ? (border.types ?? []) : [])];
      if (allowed && !allowed.some((folder) => target === folder || target.startsWith(`${folder}/`))) broken.push(`${file} -> ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test("the Worker, and all that it imports, knows nothing of Node", () => {
  const seen = new Set<string>();
  const foreign: string[] = [];
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { from, typeOnly } of importsOf(file)) {
      if (from.startsWith(".")) visit(normalize(join(dirname(file), from)));
      else if (!typeOnly && /^(node:|@hono\/node-server|@libsql\/client$)/.test(from)) foreign.push(`${file} -> ${from}`);
    }
  };
  visit("worker-api/worker.ts");
  expect(seen.size).toBeGreaterThan(15);
  expect(foreign).toEqual([]);
});

test("each page that is opened starts without the contract of releases, which only the background and the host read", () => {
  const loaded = new Set<string>();
  const visit = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { from, typeOnly } of importsOf(file))
      if (!typeOnly && /^\..*\.tsx?$/.test(from)) visit(normalize(join(dirname(file), from)));
  };
  visit("extension/follow-page.ts");
  expect(loaded).toContain("shared/model-run.ts");
  expect(loaded).not.toContain("shared/release.ts");
});

test("entrypoints only wire: at most 80 lines", () => {
  const long = code.filter(
    (file) => file.startsWith("extension/entrypoints/") && readFileSync(join(root, file), "utf8").split("\n").length > 81,
  );
  expect(long).toEqual([]);
});

test("no file has more than 300 lines, and each says its job in its first line", () => {
  const long: string[] = [];
  const silent: string[] = [];
  for (const file of files.filter((name) => /\.(ts|tsx|mjs|py)$/.test(name))) {
    const lines = readFileSync(join(root, file), "utf8").split("\n");
    if (lines.length > 301) long.push(`${file}: ${lines.length}`);
    const first = lines[0]?.startsWith("#!") ? lines[1] : lines[0];
    if (!/^(\/\/|\/\*|#|""")/.test(first ?? "") && lines.join("").trim() !== "") silent.push(file);
  }
  expect({ long, silent }).toEqual({ long: [], silent: [] });
});

test("no drawer names", () => {
  expect(
    code.filter((file) => /(^|\/)(utils?|helpers?|common|manager|service|core)(\.|\/)/.test(file) && !file.startsWith("node_modules")),
  ).toEqual([]);
});

test("weights in the repository stay within 70 MB", () => {
  const size = (folder: string): number =>
    readdirSync(join(root, folder), { withFileTypes: true }).reduce(
      (sum, entry) =>
        sum + (entry.isDirectory() ? size(join(folder, entry.name)) : readFileSync(join(root, folder, entry.name)).byteLength),
      0,
    );
  expect(size("models")).toBeLessThan(70_000_000);
});
