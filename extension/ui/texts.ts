// The texts of the interface: components take them from a React context, and who draws them says in which language.
import { createContext, useContext } from "react";

/** Made from locales/en.yml by `wxt prepare`. */
type Structure = import("../../.wxt/i18n/structure").GeneratedI18nStructure;

export type TextKey = keyof Structure;

/** What stands in the braces of a text; a text without braces takes nothing. */
type Values<K extends TextKey> = Structure[K] extends { namedSubstitutions: readonly (infer Name extends string)[] }
  ? [values: Record<Name, string | number>]
  : [];

/** A text by its key. A value named `n` is a count: it chooses between singular and plural. */
export type T = <K extends TextKey>(key: K, ...values: Values<K>) => string;

/** No default: a missing language must show at once, and no table of texts is bundled with the components. */
export const TextsContext = createContext<T | null>(null);

/** @throws Error outside a `TextsContext`. */
export function useTexts(): T {
  const t = useContext(TextsContext);
  if (!t) throw new Error("Draw SecTag's components inside a TextsContext");
  return t;
}
