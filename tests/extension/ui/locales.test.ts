// The locale files: the same keys and places to fill in, every key used, labels as in shared/labels.json, names that browsers take.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ParsedMessage } from "@wxt-dev/i18n/build";
import { expect, test } from "vitest";
import { entities, indicators, severities, threatTypes } from "../../../shared/labels.ts";
import { english, languages, messagesOf } from "./languages.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const [en, de] = await Promise.all([messagesOf("en"), messagesOf("de")]);
const formsOf = (message: ParsedMessage) => (message.type === "plural" ? Object.values(message.plurals) : [message.message]);

test("there is a file a language, and each is looked at here", () => {
  expect(readdirSync(join(root, "extension/locales")).sort()).toEqual(languages.map((name) => `${name}.yml`).sort());
});

test("both languages have the same keys", () => {
  expect([...de.keys()].sort()).toEqual([...en.keys()].sort());
});

test("both fill in the same, and count where the other counts", () => {
  for (const [key, message] of en) {
    const other = de.get(key);
    expect(other?.type, key).toBe(message.type);
    expect(other?.namedSubstitutions.toSorted(), key).toEqual(message.namedSubstitutions.toSorted());
    if (message.type === "plural") expect(message.namedSubstitutions, key).toContain("n");
  }
});

test("no text has what the library or the browser would take for its own: $1, a bar between spaces, nothing at all", () => {
  for (const [language, messages] of [
    ["en", en],
    ["de", de],
  ] as const)
    for (const [key, message] of messages)
      for (const form of formsOf(message)) {
        expect(form, `${language} ${key}`).not.toMatch(/\$| \| |^\s|\s$|^$/);
        // A text whose only braces are its own: `{name}` is filled in, `{` alone would be shown.
        expect(form.replace(/\{\w+\}/g, ""), `${language} ${key}`).not.toMatch(/[{}]/);
      }
});

test("browsers take the names, and tell them apart", () => {
  const names = [...en.keys()].map((key) => key.replaceAll(".", "_"));
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_]+$/);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
});

test("every key is used, and every used one is there", () => {
  const files = readdirSync(join(root, "extension"), { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
  const source = [...files.map((file) => join("extension", file)), "wxt.config.ts"]
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  const literal = new Set([
    ...[...source.matchAll(/"([a-zA-Z]+(?:\.[a-zA-Z0-9_]+)+|locale)"/g)].map((match) => match[1] ?? ""),
    ...[...source.matchAll(/__MSG_(\w+)__/g)].map((match) => (match[1] ?? "").replaceAll("_", ".")),
  ]);
  const patterns = [...source.matchAll(/\b(?:t|texts)\(`([^`]+)`/g)].map(
    (match) => new RegExp(`^${(match[1] ?? "").replaceAll(".", "\\.").replace(/\$\{[^}]*\}/g, "[A-Za-z0-9_]+")}$`),
  );
  expect(patterns.length).toBeGreaterThan(5);
  expect([...en.keys()].filter((key) => !literal.has(key) && !patterns.some((pattern) => pattern.test(key)))).toEqual([]);
  const called = [...source.matchAll(/\bt\("([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(called.length).toBeGreaterThan(100);
  expect(called.filter((key) => !en.has(key))).toEqual([]);
  for (const pattern of patterns)
    expect(
      [...en.keys()].some((key) => pattern.test(key)),
      String(pattern),
    ).toBe(true);
});

test("English label texts are those of shared/labels.json", () => {
  const shown: Record<string, string> = {};
  for (const [key, message] of en) if (key.startsWith("label.")) shown[key] = formsOf(message).join();
  const source: Record<string, string> = Object.fromEntries([
    ...(
      [
        ["threatType", threatTypes],
        ["severity", severities],
        ["entity", entities],
      ] as const
    ).flatMap(([kind, labels]) =>
      labels.flatMap(({ id, name, description }) => [
        [`label.${kind}.${id}.name`, name],
        [`label.${kind}.${id}.description`, description],
      ]),
    ),
    ...indicators.map(({ id, name }) => [`label.indicator.${id}`, name]),
  ]);
  expect(shown).toEqual(source);
});

test("no sentence was forgotten in English", () => {
  const same = [...en]
    .filter(([key, message]) => formsOf(message).join() === formsOf(de.get(key) ?? message).join())
    .map(([, message]) => formsOf(message).join());
  expect(
    same.filter(
      (text) =>
        text
          .replace(/\{\w+\}/g, "")
          .trim()
          .split(/\s+/).length > 3,
    ),
  ).toEqual([]);
});

test("counts choose their form", () => {
  expect([0, 1, 2].map((n) => english("connection.waiting", { n }))).toEqual([
    "No review waits to be sent.",
    "1 review waits and would be sent as soon as you connect.",
    "2 reviews wait and would be sent as soon as you connect.",
  ]);
});
