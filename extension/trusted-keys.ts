// Whose signatures this browser believes: the build's keys, and those of an administrator.
import { readModelPolicy } from "./store/release-settings.ts";

/** Public keys that this build trusts, by `SECTAG_RELEASE_KEYS` or shared/release-keys.json; put in by the build. */
declare const __SECTAG_RELEASE_KEYS__: readonly string[];

/** Raw Ed25519 public keys, hexadecimal. */
export async function trustedKeys(): Promise<string[]> {
  return [...__SECTAG_RELEASE_KEYS__, ...((await readModelPolicy()).releaseKeys ?? [])];
}
