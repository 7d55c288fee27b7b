// The lists of selectors that a pack may have: how many, how long, and nothing else.
import { z } from "zod";

export const listLimits = {
  sites: 20,
  /** Lists of one adapter. */
  lists: 30,
  /** Selectors of one list. */
  selectors: 12,
  /** UTF-16 units of one selector. */
  selector: 500,
} as const;

const Selector = z
  .string()
  .min(1)
  .max(listLimits.selector)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  .regex(/^[^\u0000-\u001f\u007f]+$/, "a selector is one line");
const atMost = (count: number) => (record: object) => Object.keys(record).length <= count;

/** By adapter, and by the name of its list: what is tried before the packaged selectors. */
export const PackSites = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    z
      .record(z.string().regex(/^[a-z][A-Za-z]{0,39}$/), z.array(Selector).min(1).max(listLimits.selectors))
      .refine(atMost(listLimits.lists), "an adapter has too many lists"),
  )
  .refine(atMost(listLimits.sites), "there are too many adapters");

export type PackSites = z.infer<typeof PackSites>;
