// Secrets of the API: keys, pairing codes, and the digests under which they are kept.
import { textSha256 } from "../shared/hex.ts";

/** Crockford's 32 letters: none is mistaken for another. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** @returns 160 random bits as 32 letters. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => alphabet[byte & 31]).join("");
}

/** SHA-256 of a text's UTF-8 as hex. */
export type Digest = (text: string) => string | Promise<string>;

/** The checksum lets scanners and typing errors be told from a key without asking the database. */
const checksum = async (secret: string, digest: Digest) => (await digest(`sectag:${secret}`)).slice(0, 6);

/** @returns `stag_` + 160 random bits + checksum. */
export async function newKey(): Promise<string> {
  const secret = newSecret();
  return `stag_${secret}${await checksum(secret, textSha256)}`;
}

/** True when the text has the form of a key, checksum included. */
export async function looksLikeKey(text: string, digest: Digest = textSha256): Promise<boolean> {
  const secret = /^stag_([0-9a-z]{32})[0-9a-f]{6}$/.exec(text)?.[1];
  return secret !== undefined && text.endsWith(await checksum(secret, digest));
}
