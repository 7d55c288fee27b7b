// Gives a worker the files of a kept release as if they were a folder: `release:7/config.json`.
import type { ModelManifest } from "../../shared/contract.ts";
import type { ReleaseManifest } from "../../shared/release.ts";
import { openReleaseDb, type ReleaseDb } from "./release-db.ts";
import { ReleaseState } from "./release-state.ts";
import { scheme } from "./release-url.ts";

/** Answers as a server would, from this browser's own store and never from the network. */
export async function readRelease(url: string, open: () => Promise<ReleaseDb> = openReleaseDb): Promise<Response> {
  const [counter = "", path = ""] = url.slice(scheme.length).split(/\/(.*)/s);
  const db = await open();
  try {
    const state = ReleaseState.safeParse((await db.state.get("state"))?.value).data;
    const manifest = state?.kept.find((kept) => String(kept.manifest.counter) === counter)?.manifest;
    if (!manifest) return new Response(null, { status: 404 });
    if (path === "manifest.json") return Response.json(folderManifest(manifest));
    const sha256 = manifest.files.find((file) => file.path === path)?.sha256;
    const row = sha256 === undefined ? undefined : await db.files.get(sha256);
    return row ? new Response(row.bytes) : new Response(null, { status: 404 });
  } finally {
    db.close();
  }
}

/** The manifest that a model's folder has. */
function folderManifest({ files, graphs, licence, ...release }: ReleaseManifest): ModelManifest {
  const { modelId, version, created, labelsVersion } = release;
  const [graph] = Object.values(graphs);
  return {
    spec: 1,
    modelId,
    version,
    created,
    labelsVersion,
    licence,
    graph: { inputs: graph?.inputs ?? [], outputs: graph?.outputs ?? [], opset: graph?.opset ?? 1 },
    files: files.flatMap(({ role, ...file }) => (role === "decisions" ? [] : [{ ...file, role }])),
  };
}
