// An org that publishes: the small files of a made-up model, a signing key that the server trusts, and the calls that publish.
import { readFileSync } from "node:fs";
import { type SigningKey, signingKey, signRelease } from "../../scripts/sign-release.ts";
import { sha256Hex } from "../../shared/hex.ts";
import { ReleaseManifest } from "../../shared/release.ts";
import { modelFolder, nodeHash } from "../../worker-api/model-folder.ts";
import type { Models } from "../../worker-api/publish.ts";
import { openLab, start, testFolder } from "./lab.ts";

export const releaseKey = await signingKey("0b".repeat(32));
const day = 86_400_000;
const example = ReleaseManifest.parse(JSON.parse(readFileSync("tests/fixtures/release/manifest.json", "utf8")));

/** Bytes by path; `words` make one model's weights another's. */
export function modelBytes(words: string): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(example.files.map(({ path }) => [path, new TextEncoder().encode(`${path} of ${words}. `.repeat(500))]));
}

export async function manifestOf(files: Map<string, Uint8Array<ArrayBuffer>>, more: Partial<ReleaseManifest>): Promise<ReleaseManifest> {
  const named = await Promise.all(
    example.files.map(async (file) => {
      const bytes = files.get(file.path) ?? new Uint8Array();
      return { ...file, size: bytes.byteLength, sha256: await sha256Hex(bytes) };
    }),
  );
  const created = new Date(start).toISOString();
  const expires = new Date(start + 14 * day).toISOString();
  return { ...example, files: named, created, expires, revoked: [], ...more };
}

export async function openReleaseLab(given: Partial<Models> = {}, origins: string[] = []) {
  const models: Models = { files: modelFolder(testFolder()), newHash: nodeHash, keys: [releaseKey.publicKey], ...given };
  const lab = await openLab({ models, origins });
  const { call, service } = lab;

  const put = (bytes: Uint8Array<ArrayBuffer>, sha256: string, headers: Record<string, string> = {}, key = service.key) =>
    lab.app.request(`/v1/models/files/${sha256}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${key}`, "content-length": String(bytes.byteLength), ...headers },
      body: bytes,
    });
  const post = (manifest: unknown, { key = service.key, keys = [releaseKey] }: { key?: string; keys?: SigningKey[] } = {}) =>
    call("/v1/models/releases", { key, body: signRelease(manifest, keys) });
  const point = (channel: string, counter: number, percent = 100, key = service.key) =>
    call(`/v1/models/channels/${channel}`, { key, method: "PUT", body: { counter, percent } });

  /** Files and release of one version. */
  async function publish(words: string, more: Partial<ReleaseManifest> & { counter: number }, key = service.key): Promise<ReleaseManifest> {
    const files = modelBytes(words);
    const manifest = await manifestOf(files, more);
    for (const { path, sha256 } of manifest.files) await put(files.get(path) ?? new Uint8Array(), sha256, {}, key);
    const answer = await post(manifest, { key });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    return manifest;
  }
  return { ...lab, models, put, post, point, publish };
}
