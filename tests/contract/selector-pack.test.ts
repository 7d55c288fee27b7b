// The envelope of a selector pack: no changed byte is believed, and neither a release nor a pack is taken for the other.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { signEnvelope, signingKey } from "../../scripts/sign-release.ts";
import { releaseKind } from "../../shared/release.ts";
import { packBytes, packKind, packPayloadType, type SelectorPack } from "../../shared/selector-pack.ts";
import { openEnvelope } from "../../shared/signed-envelope.ts";

const key = await signingKey("0f".repeat(32));
const pack: SelectorPack = {
  spec: 1,
  counter: 3,
  created: "2026-11-26T12:00:00Z",
  expires: "2026-12-26T12:00:00Z",
  minApp: "0.1.0",
  sites: { "jira-cloud": { comments: ['[data-testid^="remark-"]'] } },
};
const envelope = signEnvelope(packPayloadType, pack, [key]);
const open = (text: string | Uint8Array) =>
  openEnvelope(typeof text === "string" ? new TextEncoder().encode(text) : text, [key.publicKey], packKind);

test("what was signed is what is read", async () => {
  expect(await open(envelope)).toMatchObject({ ok: true, payload: pack, keyid: key.keyid });
});

test("no changed, added or missing byte is believed", async () => {
  const bytes = new TextEncoder().encode(envelope);
  const believed: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if ((await open(bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8))))).ok) believed.push(at);
    if (at % 5 === 0 && (await open(envelope.slice(0, at))).ok) believed.push(at);
    if (at % 5 === 0 && (await open(`${envelope.slice(0, at)} ${envelope.slice(at)}`)).ok) believed.push(at);
  }
  expect(believed).toEqual([]);
  expect(await open(new Uint8Array(packBytes + 1))).toMatchObject({ ok: false, code: "too-large" });
});

test("a release is no pack and a pack no release, whichever type the envelope claims", async () => {
  const release = readFileSync(join(import.meta.dirname, "..", "fixtures", "release", "envelope.json"), "utf8");
  const { publicKey } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "fixtures", "release", "key.json"), "utf8")) as {
    publicKey: string;
  };
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(await openEnvelope(bytes(release), [publicKey], packKind)).toMatchObject({ ok: false, code: "malformed" });
  expect(await openEnvelope(bytes(envelope), [key.publicKey], releaseKind)).toMatchObject({ ok: false, code: "malformed" });
  // The signature covers the type: to rename it breaks it.
  const renamed = release.replace("vnd.sectag.release+json", "vnd.sectag.selectors+json");
  expect(await openEnvelope(bytes(renamed), [publicKey], packKind)).toMatchObject({ ok: false, code: "bad-signature" });
});

test("a pack with a field missing, added or of another kind is not believed", async () => {
  const signed = async (payload: unknown) => (await open(signEnvelope(packPayloadType, payload, [key]))).ok;
  expect(await signed({ ...pack, sites: {} })).toBe(true);
  for (const name of Object.keys(pack)) {
    const { [name as keyof SelectorPack]: _, ...rest } = pack;
    expect(await signed(rest), name).toBe(false);
    expect(await signed({ ...pack, [name]: null }), name).toBe(false);
  }
  for (const change of [{ expires: pack.created }, { counter: 0 }, { minApp: "1" }, { regex: ".*" }, { sites: [] }])
    expect(await signed({ ...pack, ...change }), JSON.stringify(change)).toBe(false);
});
