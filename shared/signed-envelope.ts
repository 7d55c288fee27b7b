// Opens a DSSE envelope: the one check that the API and the extension make before they believe what somebody signed, a release or a selector pack.
import { z } from "zod";
import { Sha256 } from "./contract.ts";
import { fromHex, sha256Hex } from "./hex.ts";

/** DSSE: https://github.com/secure-systems-lab/dsse. `keyid` is the SHA-256 of the raw public key. */
export const envelopeOf = <T extends string>(payloadType: T) =>
  z.strictObject({
    payload: z.string(),
    payloadType: z.literal(payloadType),
    signatures: z
      .array(z.strictObject({ keyid: Sha256, sig: z.string().max(100) }))
      .min(1)
      .max(8),
  });

/** One kind of thing that is signed; the type in its envelope keeps it from being taken for another. */
export interface SignedKind<T> {
  /** As refusals call it. */
  name: string;
  envelope: ReturnType<typeof envelopeOf>;
  payload: z.ZodType<T>;
  /** Most bytes of the envelope as JSON. */
  most: number;
}

export type Refusal = "too-large" | "malformed" | "unknown-key" | "bad-signature" | "not-canonical" | "unknown-spec" | "invalid";
export type Opened<T> =
  | { ok: true; payload: T /** Of the payload: which one this is, to the byte. */; digest: string; keyid: string }
  | { ok: false; code: Refusal; message: string };

const refuse = (code: Refusal, message: string) => ({ ok: false, code, message }) as const;

/**
 * Size, form, signature, and only then what it says. Counter, expiry and version are the caller's to judge: they depend on what it has seen.
 * @param bytes the envelope as canonical JSON in UTF-8.
 * @param keys raw Ed25519 public keys that are trusted, 64 hexadecimal digits each. Signatures by others are passed over.
 */
export async function openEnvelope<T>(bytes: Uint8Array, keys: readonly string[], kind: SignedKind<T>): Promise<Opened<T>> {
  const { name, most } = kind;
  if (bytes.length > most) return refuse("too-large", `The envelope has more than ${most} bytes`);
  const envelope = kind.envelope.safeParse(parseCanonical(bytes));
  if (!envelope.success) return refuse("malformed", `This is no ${name} envelope in canonical JSON`);
  const { payload, payloadType, signatures } = envelope.data;
  const letters = payload + signatures.map(({ sig }) => sig).join("");
  // DSSE allows either alphabet; one envelope keeps to one, so that it has one spelling.
  if (/[+/]/.test(letters) && /[-_]/.test(letters)) return refuse("malformed", "The envelope mixes two base64 alphabets");
  const body = fromBase64(payload);
  if (!body) return refuse("malformed", "The payload is not base64");

  const trusted = new Map(await Promise.all(keys.map(async (key) => [await keyIdOf(key), key] as const)));
  const signed = preAuthEncoding(payloadType, body);
  let signer: string | null = null;
  for (const { keyid, sig } of signatures) {
    const key = trusted.get(keyid);
    const signature = fromBase64(sig);
    if (!signature) return refuse("malformed", "A signature is not base64");
    if (!key) continue;
    if (!(await isSigned(key, signature, signed))) return refuse("bad-signature", `The signature does not belong to this ${name}`);
    signer = keyid;
  }
  if (!signer) return refuse("unknown-key", `The ${name} is signed by no key that is trusted here`);

  const said = parseCanonical(body);
  if (said === null) return refuse("not-canonical", "The payload is not canonical JSON");
  if (!z.looseObject({ spec: z.literal(1) }).safeParse(said).success)
    return refuse("unknown-spec", `The ${name} is of a kind that this version does not know`);
  const parsed = kind.payload.safeParse(said);
  if (!parsed.success) return refuse("invalid", `The ${name} is not valid: ${parsed.error.issues[0]?.message ?? "unknown shape"}`);
  // What a schema passes over (a key `__proto__`) was signed all the same, and nobody has looked at it.
  if (canonicalJson(parsed.data) !== canonicalJson(said)) return refuse("invalid", `The ${name} says more than it may`);
  return { ok: true, payload: parsed.data, digest: await sha256Hex(body), keyid: signer };
}

/** Name of a key: the SHA-256 of its raw 32 bytes. @param key 64 hexadecimal digits. */
export async function keyIdOf(key: string): Promise<string> {
  return sha256Hex(fromHex(key));
}

/** What is signed: DSSE's PAE, which keeps a type and a body from being read as each other. */
export function preAuthEncoding(payloadType: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const type = new TextEncoder().encode(payloadType);
  const head = new TextEncoder().encode(`DSSEv1 ${type.length} ${payloadType} ${body.length} `);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}

/**
 * JSON in the one form that is signed: no spaces, keys sorted, no escapes that need not be.
 * Python: `json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)`. Names are ASCII, numbers are whole.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const rows = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${rows.map(([name, entry]) => `${JSON.stringify(name)}:${canonicalJson(entry)}`).join(",")}}`;
}

async function isSigned(key: string, signature: Uint8Array<ArrayBuffer>, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", fromHex(key), { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, signed);
}

/** The value, when these bytes are its canonical form (so no key stands twice); else null. */
function parseCanonical(bytes: Uint8Array): unknown {
  try {
    const written = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(written);
    return canonicalJson(value) === written ? value : null;
  } catch {
    return null; // No UTF-8, no JSON, or nested beyond reason.
  }
}

/** Null unless the text is exactly what these bytes are written as, in either alphabet, with padding. */
function fromBase64(written: string): Uint8Array<ArrayBuffer> | null {
  const standard = written.replaceAll("-", "+").replaceAll("_", "/");
  try {
    const bytes = Uint8Array.from(atob(standard), (letter) => letter.charCodeAt(0));
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) === standard ? bytes : null;
  } catch {
    return null;
  }
}
