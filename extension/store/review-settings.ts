// What a person or an administrator sets about reviews: keys and redaction (kept), and whether review mode is armed (until the browser closes).
import { browser } from "wxt/browser";
import { z } from "zod";
import { defaultKeys, KeyMap, type ReviewSettings } from "../../shared/review.ts";
import { readPolicy } from "./policy.ts";
import { writeBackKey, writeBackPolicyNames } from "./write-back.ts";

const keysKey = "review.keys";
const armedKey = "review.armed";
const privacyKey = "review.privacy";

const Domain = z.string().regex(/^(?=.{3,253}$)([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/i, "A domain looks like corp.example");
const mostDomains = 50;
/** Their names in an administrator's policy. */
const policyNames = ["restricted", "ownDomains"];

/** What may leave the machine once a server is connected. */
export const PrivacySettings = z.strictObject({
  /** Internal comments and work notes too. */
  restricted: z.boolean(),
  /** DNS names of the own organisation: accounts of these domains are hidden. */
  ownDomains: z.array(Domain).max(mostDomains),
});
export type PrivacySettings = z.infer<typeof PrivacySettings>;

const defaultPrivacy: PrivacySettings = { restricted: false, ownDomains: [] };

export async function readReviewSettings(): Promise<ReviewSettings> {
  const [local, session] = await Promise.all([browser.storage.local.get(keysKey), browser.storage.session.get(armedKey)]);
  return { armed: session[armedKey] === true, keys: withDefaults(local[keysKey]) };
}

/** Keys that were kept before a command came to be stay: the new one gets its own. */
function withDefaults(kept: unknown): KeyMap {
  const known = z.record(z.string(), z.unknown()).safeParse(kept).data ?? {};
  return KeyMap.safeParse({ ...defaultKeys, ...known }).data ?? defaultKeys;
}

export async function writeKeys(keys: KeyMap): Promise<void> {
  await browser.storage.local.set({ [keysKey]: KeyMap.parse(keys) });
}

export async function setArmed(armed: boolean): Promise<void> {
  await browser.storage.session.set({ [armedKey]: armed });
}

/** What an administrator's policy says stands; else what the person set; else nothing restricted leaves. */
export async function readPrivacy(): Promise<PrivacySettings> {
  const managed = await readPolicy(policyNames);
  const stored = await browser.storage.local.get(privacyKey);
  const own = PrivacySettings.safeParse(stored[privacyKey]).data ?? defaultPrivacy;
  // One slip in a policy must not uncover what its other parts, or the person, hide.
  const domains = z
    .array(z.unknown())
    .safeParse(managed.ownDomains)
    .data?.flatMap((one) => Domain.safeParse(one).data ?? []);
  return {
    restricted: z.boolean().safeParse(managed.restricted).data ?? own.restricted,
    ownDomains: domains?.slice(0, mostDomains) ?? own.ownDomains,
  };
}

export async function writePrivacy(privacy: PrivacySettings): Promise<void> {
  await browser.storage.local.set({ [privacyKey]: PrivacySettings.parse(privacy) });
}

/** Calls back when keys, arming, privacy or write-back changed, by a person or by policy, until `signal` aborts. */
export function watchReviewSettings(signal: AbortSignal, onChange: () => void): void {
  const listener = (changes: Record<string, unknown>) => {
    if ([keysKey, armedKey, privacyKey, writeBackKey, ...policyNames, ...writeBackPolicyNames].some((key) => key in changes)) onChange();
  };
  browser.storage.onChanged.addListener(listener);
  signal.addEventListener("abort", () => browser.storage.onChanged.removeListener(listener));
}
