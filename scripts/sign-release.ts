// Signs envelopes: selector packs (sign-selectors.ts), and release manifests for tests and proofs; the trainer's own signer of releases is Python and makes the same bytes.
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { fromHex, toHex } from "../shared/hex.ts";
import { releasePayloadType } from "../shared/release.ts";
import { canonicalJson, keyIdOf, preAuthEncoding } from "../shared/signed-envelope.ts";

export interface SigningKey {
  /** The raw 32 bytes that an Ed25519 key is made from, hexadecimal: the secret. */
  seed: string;
  /** Raw public key, hexadecimal: what an extension trusts. */
  publicKey: string;
  keyid: string;
}

/** PKCS #8 of an Ed25519 key is this, then its 32 bytes. */
const pkcs8Head = "302e020100300506032b657004220420";

function privateKeyOf(seed: string) {
  return createPrivateKey({ key: Buffer.from(fromHex(pkcs8Head + seed)), format: "der", type: "pkcs8" });
}

/** @param seed 64 hexadecimal digits. */
export async function signingKey(seed: string): Promise<SigningKey> {
  const spki = createPublicKey(privateKeyOf(seed)).export({ format: "der", type: "spki" });
  const publicKey = toHex(spki.subarray(-32));
  return { seed, publicKey, keyid: await keyIdOf(publicKey) };
}

/** @param pem a private Ed25519 key as `python -m trainer keys` or openssl writes it. @throws Error when it is none. */
export async function keyOfPem(pem: string): Promise<SigningKey> {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`A signing key is an Ed25519 key, not ${key.asymmetricKeyType}`);
  return signingKey(toHex(key.export({ format: "der", type: "pkcs8" }).subarray(-32)));
}

/** @param payload a manifest, or for tests any value or text. @returns the envelope as canonical JSON. */
export const signRelease = (payload: unknown, keys: readonly SigningKey[]) => signEnvelope(releasePayloadType, payload, keys);

export function signEnvelope(payloadType: string, payload: unknown, keys: readonly SigningKey[]): string {
  const body = Buffer.from(typeof payload === "string" ? payload : canonicalJson(payload));
  const signed = preAuthEncoding(payloadType, body);
  return canonicalJson({
    payload: body.toString("base64"),
    payloadType,
    signatures: keys.map(({ seed, keyid }) => ({ keyid, sig: sign(null, signed, privateKeyOf(seed)).toString("base64") })),
  });
}
