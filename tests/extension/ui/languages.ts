// The interface's texts for tests and Node, where there is no browser.i18n: read from the locale files, filled in by the library's own rules.
import { join } from "node:path";
import { type ParsedMessage, parseMessagesFile } from "@wxt-dev/i18n/build";
import type { T } from "../../../extension/ui/texts.ts";

export const languages = ["en", "de"] as const;
export type Language = (typeof languages)[number];

/** The messages of a locale file by their key, without the browser's own (`@@ui_locale`). */
export async function messagesOf(language: Language): Promise<Map<string, ParsedMessage>> {
  const file = join(import.meta.dirname, "..", "..", "..", "extension", "locales", `${language}.yml`);
  const messages = await parseMessagesFile(file);
  return new Map(messages.filter(({ key }) => !key[0]?.startsWith("@@")).map((message) => [message.key.join("."), message]));
}

/** @returns a `T` that throws for what is missing: a key, or a value of a text. */
export async function textsOf(language: Language): Promise<T> {
  const messages = await messagesOf(language);
  return (key, ...[given]) => {
    const values: Record<string, string | number> = given ?? {};
    const message = messages.get(key);
    if (!message) throw new Error(`${language}.yml has no ${key}`);
    return formOf(message, values.n).replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`${key} needs {${name}}`);
      return String(value);
    });
  };
}

/** The plural form for a count: its own (0, 1), else the general one. */
function formOf(message: ParsedMessage, count: string | number | undefined): string {
  if (message.type !== "plural") return message.message;
  if (typeof count !== "number") throw new Error(`${message.key.join(".")} needs a count`);
  return message.plurals[count === 0 || count === 1 ? count : "n"] ?? message.plurals.n ?? "";
}

export const english: T = await textsOf("en");
export const german: T = await textsOf("de");
