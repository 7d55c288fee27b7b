// The docs are tested: labels, messages, commands, sites and environment variables that exist are described, and links lead somewhere.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { entityIds, indicatorIds, severityIds, threatTypeIds } from "../../shared/labels.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const docs = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];

test("each threat type has its section with what belongs and near misses; all other labels are named", () => {
  const guide = read("docs/labels.md");
  for (const id of threatTypeIds) {
    const section = guide.split(`### ${id}\n`)[1]?.split("\n### ")[0] ?? "";
    expect(section, id).toContain("Belongs:");
    expect(section, id).toContain("Near misses:");
  }
  for (const id of severityIds) expect(guide, id).toContain(`| ${id} |`);
  for (const id of entityIds) expect(guide, id).toContain(`**${id}**`);
  for (const id of indicatorIds) expect(guide, id).toContain(`\`${id}\``);
});

test("each message is in docs/architecture.md", () => {
  const names = [...read("extension/messages.ts").matchAll(/^ {2}"([a-z.]+)": \{ data/gm)].map((match) => match[1] ?? "");
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) expect(read("docs/architecture.md"), name).toContain(`\`${name}\``);
});

test("each npm command is described in README, CONTRIBUTING or docs", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const text = docs.map(read).join("\n");
  for (const name of Object.keys(scripts)) {
    const command = name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`;
    expect(text.includes(command), command).toBe(true);
  }
});

test("each environment variable that the code reads is described", () => {
  const files = [
    "wxt.config.ts",
    ...["scripts", "trainer", "worker-api"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
    ),
  ].filter((file) => /\.(ts|mjs|py)$/.test(file));
  const names = new Set(
    files.flatMap((file) => [...read(file).matchAll(/\b(SECTAG_[A-Z_]+|CHROMIUM|FIREFOX|AIRFLOW)\b/g)].map((match) => match[1] ?? "")),
  );
  const text = docs.map(read).join("\n");
  for (const name of names) expect(text.includes(`\`${name}\``), name).toBe(true);
});

test("each adapter's hosts are in docs/privacy.md", () => {
  for (const file of readdirSync(join(root, "extension/sites")).filter((name) => name.endsWith(".site.ts"))) {
    const source = read(join("extension/sites", file));
    // An adapter for added hosts names none.
    if (source.includes("matches: [],")) continue;
    const pattern = /matches: \["([^"]+)"\]/.exec(source)?.[1];
    expect(pattern && read("docs/privacy.md").includes(`\`${pattern}\``), file).toBe(true);
  }
});

test("links and pictures in the docs exist", () => {
  const broken: string[] = [];
  for (const file of docs)
    for (const [, target = ""] of read(file).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      if (!existsSync(join(root, dirname(file), target))) broken.push(`${file} -> ${target}`);
    }
  expect(broken).toEqual([]);
});
