// What is kept of releases outside their database: this install's id, what an administrator's policy says of models, and what options shows.
import { browser } from "wxt/browser";
import { z } from "zod";
import { ReleaseChannel } from "../../shared/contract.ts";
import { ModelView } from "../../shared/model-run.ts";
import { readPolicy } from "./policy.ts";

const installKey = "releases.install";
const viewKey = "releases.view";

/** An administrator's part; the extension's own settings have nothing of it. */
export const ModelPolicy = z.strictObject({
  modelChannel: ReleaseChannel.optional(),
  /** A version, or "packaged". */
  pinModel: z.string().max(60).optional(),
  /** Raw Ed25519 public keys that releases may be signed with, besides those of the build; 64 hexadecimal digits each. */
  releaseKeys: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(20)
    .optional(),
});
export type ModelPolicy = z.infer<typeof ModelPolicy>;

export async function readModelPolicy(): Promise<ModelPolicy> {
  const { shape } = ModelPolicy;
  const managed = await readPolicy(Object.keys(shape));
  // Each by itself: a slip in one must not undo the others.
  return {
    modelChannel: shape.modelChannel.safeParse(managed.modelChannel).data,
    pinModel: shape.pinModel.safeParse(managed.pinModel).data,
    releaseKeys: shape.releaseKeys.safeParse(managed.releaseKeys).data,
  };
}

/** Random, made once, never sent: it decides which part of a staged rollout this browser is in. */
export async function installId(): Promise<string> {
  const stored = (await browser.storage.local.get(installKey))[installKey];
  if (typeof stored === "string") return stored;
  const fresh = crypto.randomUUID();
  await browser.storage.local.set({ [installKey]: fresh });
  return fresh;
}

export async function readModelView(): Promise<ModelView | null> {
  const stored = await browser.storage.local.get(viewKey);
  return ModelView.safeParse(stored[viewKey]).data ?? null;
}

export async function keepModelView(view: ModelView): Promise<void> {
  await browser.storage.local.set({ [viewKey]: view });
}
