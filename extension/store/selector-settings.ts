// What is kept of selector packs outside their database: what an administrator's policy says of them, and what options shows.
import { browser } from "wxt/browser";
import { z } from "zod";
import { PackView } from "../../shared/pack-view.ts";
import { readPolicy } from "./policy.ts";

const viewKey = "selectors.view";

const SelectorPolicy = z.strictObject({
  /** A counter, or "packaged". */
  pinSelectors: z
    .string()
    .regex(/^(packaged|[1-9]\d{0,15})$/)
    .optional(),
  /** False: what was found is counted on this machine only. */
  selectorCounts: z.boolean().optional(),
});

/** What cannot be read says no: an administrator wanted something. */
export async function readSelectorPolicy(): Promise<{ pin: string | null; counts: boolean }> {
  const { shape } = SelectorPolicy;
  const managed = await readPolicy(Object.keys(shape));
  const pin = shape.pinSelectors.safeParse(managed.pinSelectors);
  const counts = shape.selectorCounts.safeParse(managed.selectorCounts);
  return { pin: pin.success ? (pin.data ?? null) : "packaged", counts: counts.success && counts.data !== false };
}

export async function readPackView(): Promise<PackView | null> {
  const stored = await browser.storage.local.get(viewKey);
  return PackView.safeParse(stored[viewKey]).data ?? null;
}

export async function keepPackView(view: PackView): Promise<void> {
  await browser.storage.local.set({ [viewKey]: view });
}
