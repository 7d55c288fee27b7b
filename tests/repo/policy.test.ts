// What an administrator may set: every name in policy.json is described, and read by the extension.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const policy = JSON.parse(read("extension/public/policy.json")) as {
  properties: Record<string, { title: string; description: string; type: string }>;
};
const names = Object.keys(policy.properties);
const sources = readdirSync(join(root, "extension"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => read(join("extension", file)))
  .filter((text) => text.includes("readPolicy("));

test("each policy is described in policy.json and in the docs", () => {
  expect(names.length).toBeGreaterThan(4);
  for (const name of names) {
    const { title, description, type } = policy.properties[name] ?? { title: "", description: "", type: "" };
    expect(title && description && /^(array|boolean|string)$/.test(type), name).toBeTruthy();
    expect(read("docs/privacy.md"), name).toContain(`| \`${name}\` |`);
  }
});

test("each policy is read by a file that asks for the policy", () => {
  const text = sources.join("\n");
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});
