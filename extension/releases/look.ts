// Looks for a new release and takes it in, in the order of ADR 0014: nothing is believed before it is checked. Killed anywhere, it begins anew and repeats nothing that is done.
import type { ReleaseChannel } from "../../shared/contract.ts";
import { LookResult } from "../../shared/model-run.ts";
import { ChannelAnswer, inRollout, type ReleaseManifest, releaseKind, releaseLimits } from "../../shared/release.ts";
import { canonicalJson, openEnvelope } from "../../shared/signed-envelope.ts";
import { DownloadError, downloadFile, type Source } from "./download.ts";
import { graphProblem } from "./onnx-graph.ts";
import type { ReleaseDb } from "./release-db.ts";
import { denialOf, noReleases, note, renew, running, sameFiles, stage } from "./release-state.ts";
import type { ReleaseStore } from "./release-store.ts";
import { askServer, jsonOf, judgeClaims, Stop } from "./signed-look.ts";

export interface LookDeps {
  db: ReleaseDb;
  store: ReleaseStore;
  /** Null while no server is connected. */
  source: Source | null;
  /** Raw public keys, hexadecimal. */
  keys: readonly string[];
  channel: ReleaseChannel;
  /** Version that an administrator wants; null: the channel's. */
  pin: string | null;
  app: { version: string; labelsVersion: number };
  /** Server and team that is connected; another one's releases are forgotten here, but for their highest counters. */
  scope: string;
  installId: string;
  /** Milliseconds since 1970 by this machine's clock. */
  now(): number;
  onProgress?: ((done: number) => void) | undefined;
}

/** @returns what became of it; `staged` means: all is here and checked, and its self-test should begin. */
export async function look(deps: LookDeps): Promise<LookResult> {
  const about: Pick<LookResult, "version" | "counter"> = { version: null, counter: null };
  try {
    await enter(deps);
    const { db, source, keys, channel } = deps;
    const path = `/v1/models/channels/${channel}`;
    const { body, serverTime } = await askServer({ db, source, keys, path, keep: "answer", most: releaseLimits.channel });
    const { manifest, digest, percent } = await believe(deps, body, about);
    await judge(deps, manifest, digest, serverTime);
    const state = await deps.store.change((before) => note(before, manifest, digest));
    const { counter } = manifest;
    const runs = running(state, deps.pin);
    if (runs?.manifest.counter === counter) throw new Stop("current", "");
    const denial = denialOf(state, counter);
    if (denial) throw new Stop("denied", denial.why);
    if (runs && runs.manifest.counter === state.line[0] && sameFiles(runs.manifest, manifest)) {
      await deps.store.change((before) => renew(before, { manifest, digest }));
      throw new Stop("current", "");
    }
    if (deps.pin !== null && deps.pin !== manifest.version) throw new Stop("pinned", deps.pin);
    if (!(await inRollout(deps.installId, counter, percent))) throw new Stop("not_yet", `${percent} %`);
    await fetchFiles(deps, manifest);
    await checkGraphs(deps, manifest);
    await deps.store.change((before) => stage(before, { manifest, digest }, deps.pin));
    return { code: "staged", detail: "", ...about };
  } catch (error) {
    if (error instanceof Stop) return LookResult.parse({ code: error.code, detail: error.message.slice(0, 600), ...about });
    if (error instanceof DownloadError)
      return { code: error.code === "later" ? "cut" : "altered", detail: error.message.slice(0, 600), ...about };
    if (error instanceof Error && /quota/i.test(`${error.name} ${error.message}`))
      return { code: "full", detail: error.message.slice(0, 600), ...about };
    throw error;
  }
}

async function enter({ source, store, scope }: LookDeps): Promise<void> {
  if (source && (await store.read()).scope !== scope)
    await store.change((state) => (state.scope === scope ? state : { ...noReleases, scope }));
}

/** Form and signature, and that what stands beside the envelope says the same. */
async function believe(
  { keys }: LookDeps,
  body: string,
  about: Pick<LookResult, "version" | "counter">,
): Promise<{ manifest: ReleaseManifest; digest: string; percent: number }> {
  const answer = ChannelAnswer.safeParse(jsonOf(body));
  if (!answer.success) throw new Stop("unknown_answer", "The channel's answer is not one that this version knows");
  const { envelope, version, counter, rollout } = answer.data;
  const verified = await openEnvelope(new TextEncoder().encode(canonicalJson(envelope)), keys, releaseKind);
  if (!verified.ok) throw new Stop("not_believed", `${verified.code}: ${verified.message}`);
  const { payload: manifest, digest } = verified;
  about.version = manifest.version;
  about.counter = manifest.counter;
  if (manifest.version !== version || manifest.counter !== counter) throw new Stop("mixed", `The channel says ${version} (${counter})`);
  return { manifest, digest, percent: rollout.percent };
}

/** What the manifest's claims mean here and now: labels, app, counter, expiry. */
async function judge({ store, app, now }: LookDeps, manifest: ReleaseManifest, digest: string, serverTime: number | null): Promise<void> {
  if (manifest.labelsVersion > app.labelsVersion) throw new Stop("newer_app", "It knows labels that this version does not");
  const { highest } = await store.read();
  judgeClaims(manifest, digest, { app: app.version, highest, now: now(), serverTime });
}

async function fetchFiles({ db, store, source, onProgress }: LookDeps, { files }: ReleaseManifest): Promise<void> {
  if (!source) throw new Stop("not_connected", "");
  const total = files.reduce((sum, { size }) => sum + size, 0);
  await store.sweep(new Set(files.map(({ sha256 }) => sha256)));
  let before = 0;
  for (const file of files) {
    if (!(await store.hasFile(file.sha256)))
      await downloadFile(file, { ...source, db, onPart: (done) => onProgress?.((before + done) / total) });
    before += file.size;
    onProgress?.(before / total);
  }
}

async function checkGraphs({ db }: LookDeps, { files, graphs }: ReleaseManifest): Promise<void> {
  for (const [path, graph] of Object.entries(graphs)) {
    const bytes = (await db.files.get(files.find((file) => file.path === path)?.sha256 ?? ""))?.bytes;
    const problem = bytes ? graphProblem(bytes, graph) : "it is not here any more";
    if (problem) throw new Stop("bad_graph", `${path}: ${problem}`);
  }
}
