// The release envelope: what is believed and what is not, byte for byte as the trainer (Python) writes it. Rows F34, F35 of the fault matrix.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { signingKey, signRelease } from "../../scripts/sign-release.ts";
import { sha256Hex } from "../../shared/hex.ts";
import {
  countOwn,
  decisionHashBytes,
  inRollout,
  ReleaseEnvelope,
  ReleaseManifest,
  releaseKind,
  releaseLimits,
} from "../../shared/release.ts";
import { canonicalJson, openEnvelope } from "../../shared/signed-envelope.ts";

const fixture = (name: string) => readFileSync(join(import.meta.dirname, "..", "fixtures", "release", name), "utf8");
const { seed } = z.object({ seed: z.string() }).parse(JSON.parse(fixture("key.json")));
const key = await signingKey(seed);
const other = await signingKey("07".repeat(32));
const manifest = ReleaseManifest.parse(JSON.parse(fixture("manifest.json")));
const envelope = fixture("envelope.json");
const opened = ReleaseEnvelope.parse(JSON.parse(envelope));

const bytesOf = (text: string) => new TextEncoder().encode(text);
const codeOf = async (written: string | Uint8Array, keys = [key.publicKey]) => {
  const verified = await openEnvelope(typeof written === "string" ? bytesOf(written) : written, keys, releaseKind);
  return verified.ok ? "ok" : verified.code;
};
const signed = (payload: unknown, keys = [key]) => codeOf(signRelease(payload, keys));

test("the stored envelope is what both languages write, and is believed", async () => {
  expect(signRelease(manifest, [key])).toBe(envelope);
  expect(await openEnvelope(bytesOf(envelope), [key.publicKey], releaseKind)).toMatchObject({
    ok: true,
    payload: manifest,
    keyid: key.keyid,
  });
});

test("either base64 alphabet is read, a mixture is not", async () => {
  const urlSafe = (text: string) => text.replaceAll("+", "-").replaceAll("/", "_");
  const [{ keyid = "", sig = "" } = {}] = opened.signatures;
  const whole = canonicalJson({ ...opened, payload: urlSafe(opened.payload), signatures: [{ keyid, sig: urlSafe(sig) }] });
  expect(whole).not.toBe(envelope);
  expect(await codeOf(whole)).toBe("ok");
  expect(await codeOf(canonicalJson({ ...opened, signatures: [{ keyid, sig: sig.replace("+", "-") }] }))).toBe("malformed");
});

test("no changed, added or missing byte is believed", async () => {
  const bytes = bytesOf(envelope);
  const believed: number[] = [];
  // Every third place, another bit each time: every place and bit in `npm run prove -- delivery`.
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)));
    if ((await codeOf(changed)) === "ok") believed.push(at);
  }
  for (let at = 0; at <= envelope.length; at += 17) {
    if ((await codeOf(`${envelope.slice(0, at)} ${envelope.slice(at)}`)) === "ok") believed.push(at);
    if (at < envelope.length && (await codeOf(envelope.slice(0, at))) === "ok") believed.push(at);
  }
  expect(believed).toEqual([]);
});

test("what is wrong is said: size first, then form, then signature, then the manifest", async () => {
  expect(await codeOf(new Uint8Array(releaseLimits.envelope + 1))).toBe("too-large");
  expect(await codeOf(`{"payload":"e30=",${envelope.slice(1)}`)).toBe("malformed");
  expect(await codeOf(canonicalJson({ ...opened, signatures: [] }))).toBe("malformed");
  expect(await codeOf(canonicalJson({ ...opened, payloadType: "application/json" }))).toBe("malformed");
  expect(await codeOf(JSON.stringify(opened, null, 1))).toBe("malformed");
  expect(await codeOf("[".repeat(100_000))).toBe("malformed");
  expect(await signed({ ...manifest, spec: 2 })).toBe("unknown-spec");
  expect(await signed({ ...manifest, channel: "stable" })).toBe("invalid");
  expect(await signed(JSON.stringify(manifest, null, 1))).toBe("not-canonical");
  expect(await signed(`{"counter":9,${canonicalJson(manifest).slice(1)}`)).toBe("not-canonical");
});

test("no manifest with a field missing or of another kind is believed", async () => {
  for (const name of Object.keys(manifest)) {
    const { [name as keyof typeof manifest]: _, ...rest } = manifest;
    expect({ name, code: await signed(rest) }).toEqual({ name, code: name === "spec" ? "unknown-spec" : "invalid" });
    expect(await signed({ ...manifest, [name]: null })).not.toBe("ok");
  }
  const [first, ...others] = manifest.files;
  for (const path of ["../config.json", "/config.json", "a\\b", "a/../../b", "", "https://x.example/a"])
    expect({ path, code: await signed({ ...manifest, files: [...manifest.files, { ...first, path }] }) }).toEqual({
      path,
      code: "invalid",
    });
  expect(await signed({ ...manifest, files: others })).toBe("ok");
  expect(await signed({ ...manifest, files: [...manifest.files, first] })).toBe("invalid");
  expect(await signed({ ...manifest, files: manifest.files.filter(({ role }) => role !== "golden") })).toBe("invalid");
  expect(await signed({ ...manifest, files: manifest.files.map((file) => ({ ...file, size: releaseLimits.file + 1 })) })).toBe("invalid");
  expect(await signed({ ...manifest, graphs: {} })).toBe("invalid");
  expect(await signed({ ...manifest, gate: { ...manifest.gate, verdict: "fail" } })).toBe("invalid");
  expect(await signed({ ...manifest, expires: manifest.created })).toBe("invalid");
  expect(await signed({ ...manifest, revoked: [manifest.counter] })).toBe("invalid");
});

test("F34 wrong key, revoked key, rotation: only a signature by a key that is trusted now counts", async () => {
  expect(await codeOf(envelope, [])).toBe("unknown-key");
  expect(await codeOf(envelope, [other.publicKey])).toBe("unknown-key");
  // The right name over a wrong key's signature.
  expect(await signed(manifest, [{ ...other, keyid: key.keyid }])).toBe("bad-signature");
  const keys = await Promise.all([1, 2, 3].map((n) => signingKey(`0${n}`.repeat(32))));
  const subset = fc.subarray(keys, { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(subset, fc.subarray(keys), async (signers, trusted) => {
      const code = await codeOf(
        signRelease(manifest, signers),
        trusted.map(({ publicKey }) => publicKey),
      );
      return code === (signers.some((signer) => trusted.includes(signer)) ? "ok" : "unknown-key");
    }),
    { numRuns: 50 },
  );
});

test("F35 a counter is a positive whole number below 2^53", async () => {
  const written = canonicalJson(manifest);
  for (const counter of ["9007199254740992", "9007199254740993", "-1", "0", "7.0", "7e0", "07", '"7"', "null", "1.5", "1e400"])
    expect({ counter, code: await signed(written.replace('"counter":7', `"counter":${counter}`)) }).not.toMatchObject({ code: "ok" });
  expect(await signed(written.replace('"counter":7', '"counter":9007199254740991'))).toBe("ok");
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.double(), fc.string(), fc.integer({ max: 0 }), fc.array(fc.nat())), async (counter) => {
      fc.pre(!(typeof counter === "number" && Number.isSafeInteger(counter) && counter > 0));
      return (await signed({ ...manifest, counter })) !== "ok";
    }),
    { numRuns: 50 },
  );
});

test("a rollout takes the share that it names, the same installs each time, others for the next release", async () => {
  const installs = Array.from({ length: 2000 }, (_, n) => `install-${n}`);
  const taking = async (counter: number, percent: number) => {
    const takes = await Promise.all(installs.map((install) => inRollout(install, counter, percent)));
    return installs.filter((_, n) => takes[n]);
  };
  const [five, thirty, next] = [await taking(7, 5), await taking(7, 30), await taking(8, 5)];
  expect(five.length).toBeGreaterThan(60);
  expect(five.length).toBeLessThan(140);
  expect(five.every((install) => thirty.includes(install))).toBe(true);
  expect(next).not.toEqual(five);
  expect([(await taking(7, 0)).length, (await taking(7, 100)).length]).toEqual([0, 2000]);
});

test("a person's own decisions are counted by truncated hashes of their ids", async () => {
  const ids = ["0198a000-0000-7000-8000-000000000001", "0198a000-0000-7000-8000-000000000002", "0198a000-0000-7000-8000-000000000003"];
  const hashes = await Promise.all(ids.slice(0, 2).map((id) => sha256Hex(bytesOf(id))));
  const file = Buffer.from(
    hashes
      .map((hash) => hash.slice(0, 2 * decisionHashBytes))
      .toSorted()
      .join(""),
    "hex",
  );
  expect(await countOwn(file, ids)).toBe(2);
  expect(await countOwn(new Uint8Array(), ids)).toBe(0);
});
