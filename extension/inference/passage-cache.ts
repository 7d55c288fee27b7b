// What is kept of a passage that the model has read, so that it need not be read again; never the text itself.
import { z } from "zod";
import { EntityLabel } from "../../shared/contract.ts";

/** The model's reading of one passage. Offsets are UTF-16 units of the passage. */
export const PassageReading = z.strictObject({
  /** Windows that the whole passage has; more than `windows` when a limit was in force. */
  needed: z.int().positive(),
  windows: z.array(
    z.strictObject({
      threat: z.array(z.number()),
      severity: z.array(z.number()),
      /** Where in the text the window ends. */
      end: z.int().nonnegative(),
    }),
  ),
  spans: z.array(z.strictObject({ start: z.int().nonnegative(), end: z.int().positive(), label: EntityLabel, score: z.number() })),
});
export type PassageReading = z.infer<typeof PassageReading>;

/** Keys are hashes of model files, backend and text; values hold numbers and offsets only. */
export interface PassageCache {
  get(key: string): Promise<PassageReading | undefined>;
  put(key: string, value: PassageReading): Promise<void>;
}

/** Keeps the `size` most recently used readings in memory. */
export function memoryCache(size = 500): PassageCache {
  const kept = new Map<string, PassageReading>();
  const touch = (key: string, value: PassageReading) => {
    kept.delete(key);
    kept.set(key, value);
    const [oldest] = kept.keys();
    if (kept.size > size && oldest !== undefined) kept.delete(oldest);
  };
  return {
    async get(key) {
      const value = kept.get(key);
      if (value) touch(key, value);
      return value;
    },
    async put(key, value) {
      touch(key, value);
    },
  };
}

/**
 * Memory before a slower, lasting store. A failing store costs its readings and nothing else: it is reported once and left alone.
 * @param onFailure told the reason once; from then on memory alone is used.
 */
export function layeredCache(memory: PassageCache, lasting: PassageCache, onFailure: (reason: string) => void): PassageCache {
  let usable = true;
  const fail = (error: unknown) => {
    if (usable) onFailure(error instanceof Error ? error.message : String(error));
    usable = false;
  };
  return {
    async get(key) {
      const known = await memory.get(key);
      if (known || !usable) return known;
      try {
        const parsed = PassageReading.optional().safeParse(await lasting.get(key));
        // A row that an older version wrote in another shape is read anew, like a row that is not there.
        if (parsed.success && parsed.data) await memory.put(key, parsed.data);
        return parsed.data;
      } catch (error) {
        fail(error);
        return undefined;
      }
    },
    async put(key, value) {
      await memory.put(key, value);
      if (usable) await lasting.put(key, value).catch(fail);
    },
  };
}
