// Everything that is not the release that was signed: each byte and field of an envelope changed, and whole answers of a channel that lies.

import { rehearsed, running } from "../../../extension/releases/release-state.ts";
import { signRelease } from "../../../scripts/sign-release.ts";
import { canonicalJson } from "../../../shared/signed-envelope.ts";
import { bodyOf, createMachine, createServer, inPieces, key, type Machine, release, type Server, sha256, stranger, today } from "./lab.ts";

/** Each bit of each byte turned, each byte missing, one added before each, and each shorter length. */
export function* changedBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (const at of bytes.keys()) {
    for (let bit = 0; bit < 8; bit++) yield bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit));
    yield Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]);
    yield Uint8Array.from([...bytes.subarray(0, at), 0x20, ...bytes.subarray(at)]);
    yield bytes.subarray(0, at);
  }
}

type Path = (string | number)[];

/** Paths of all values in a value, itself left out. */
function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) for (const [index, entry] of value.entries()) yield* pathsOf(entry, [...path, index]);
  else if (typeof value === "object" && value !== null)
    for (const [name, entry] of Object.entries(value)) yield* pathsOf(entry, [...path, name]);
}

/** A copy with one value replaced; `undefined` takes it out. */
function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value];
    if (rest.length === 0 && by === undefined) copy.splice(Number(first), 1);
    else copy[Number(first)] = replaced(copy[Number(first)], rest, by);
    return copy;
  }
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  if (rest.length === 0 && by === undefined) delete copy[String(first)];
  else copy[String(first)] = replaced(copy[String(first)], rest, by);
  return copy;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Each value of the manifest changed, by somebody who has no key: under the old signature, under their own, and under their own with our key's name. */
export function* changedFields(manifest: object): Generator<Uint8Array> {
  const honest = JSON.parse(signRelease(manifest, [key])) as { signatures: unknown };
  for (const path of pathsOf(manifest)) {
    for (const by of [undefined, null, 0, 9, -1, 1.5, "", "a", [], {}, true]) {
      const changed = replaced(manifest, path, by);
      if (canonicalJson(changed) === canonicalJson(manifest)) continue;
      const forged = JSON.parse(signRelease(changed, [stranger])) as object;
      yield bytesOf(canonicalJson({ ...forged, signatures: honest.signatures }));
      yield bytesOf(canonicalJson(forged));
      yield bytesOf(signRelease(changed, [{ ...stranger, keyid: key.keyid }]));
    }
  }
}

/** What an operator's own mistake would sign: values of a kind that no manifest has. */
export function* signedNonsense(manifest: object): Generator<Uint8Array> {
  for (const path of pathsOf(manifest))
    for (const by of [null, -1, 1.5, [[]], { "!": null }]) yield bytesOf(signRelease(replaced(manifest, path, by), [key]));
}

/** A server that lies in one way, to a machine on which release 7 runs. */
interface Lie {
  name: string;
  tell(server: Server): void;
}
const next = { counter: 8, version: "2026.50.1" };
const card = Uint8Array.from(bytesOf("# The next one"));
const isFile = (path: string) => path.includes("/files/");
const day = 86_400_000;

function* endless(): Generator<Uint8Array> {
  for (;;) yield new Uint8Array(65_536);
}

export const lies: Lie[] = [
  ...[6, 5, 1].map((counter) => ({
    name: `replayed ${counter}`,
    tell: (s: Server) => s.publish(release({ counter, version: `2026.4${counter}.1` })),
  })),
  { name: "another of the same number", tell: (s) => s.publish(release({ version: "2026.49.2" })) },
  ...[1008, 5000, Number.MAX_SAFE_INTEGER].map((counter) => ({
    name: `fast-forwarded ${counter}`,
    tell: (s: Server) => s.publish(release({ ...next, counter })),
  })),
  { name: "expired", tell: (s) => s.publish(release({ ...next, created: "2026-11-01T00:00:00Z", expires: "2026-11-20T00:00:00Z" })) },
  {
    name: "expired by the server's clock",
    tell(s) {
      s.clock = today + 100 * day;
      s.publish(release(next));
    },
  },
  { name: "wrong key", tell: (s) => s.publish(release(next), { keys: [stranger] }) },
  { name: "wrong key under our key's name", tell: (s) => s.publish(release(next), { keys: [{ ...stranger, keyid: key.keyid }] }) },
  { name: "newer app", tell: (s) => s.publish(release({ ...next, minApp: "9.0.0" })) },
  ...["counter", "version"].map((name) => ({
    name: `mixed ${name}`,
    tell(s: Server) {
      s.publish(release(next));
      s.say({ ...(JSON.parse(s.said()) as object), [name]: name === "counter" ? 9 : "2026.51.1" });
    },
  })),
  ...release().manifest.files.map(({ path }) => ({
    name: `${path} of another version`,
    tell(s: Server) {
      const changed = Uint8Array.from(bytesOf(`the next ${path}`));
      const fresh = release(next, { [path]: changed });
      s.publish(fresh);
      s.files.set(sha256(changed), release().bytes.get(path) ?? card);
    },
  })),
  ...[0, 1, 3, 7].map((at) => ({
    name: `a byte of a file turned at ${at}`,
    tell(s: Server) {
      s.publish(release(next, { "README.md": card }));
      s.files.set(sha256(card), card.with(at, 0));
    },
  })),
  { name: "a file a byte longer", tell: (s) => longer(s, 1) },
  { name: "a file a byte shorter", tell: (s) => longer(s, -1) },
  {
    name: "endless file",
    tell(s) {
      s.publish(release(next, { "README.md": card }));
      s.bend((path, honest) => (isFile(path) ? new Response(bodyOf(endless())) : honest));
    },
  },
  { name: "endless answer", tell: (s) => s.bend((path, honest) => (isFile(path) ? honest : new Response(bodyOf(endless())))) },
  {
    name: "a file cut each time",
    tell(s) {
      s.publish(release(next, { "README.md": card }));
      s.bend((path, honest) => (isFile(path) ? new Response(bodyOf(inPieces(card.subarray(0, 4), 2), "cut")) : honest));
    },
  },
  ...["", "null", "[]", "{}", '"x"', "<!doctype html>"].map((answer) => ({
    name: `answer ${answer || "empty"}`,
    tell: (s: Server) => s.say(answer),
  })),
  {
    name: "another graph",
    tell: (s) => s.publish(release(next, { "onnx/model_int8.onnx": Uint8Array.from([...weights(), 0x3a, 0x04, 0x0a, 0x02, 0x22, 0x00]) })),
  },
  { name: "weights that are text", tell: (s) => s.publish(release(next, { "onnx/model_q4.onnx": card })) },
];

const weights = () => release().bytes.get("onnx/model_int8.onnx") ?? card;

function longer(server: Server, by: number): void {
  server.publish(release(next, { "README.md": card }));
  const bytes = new Uint8Array(card.length + by);
  bytes.set(card.subarray(0, bytes.length));
  server.files.set(sha256(card), bytes);
}

/** @returns names of the lies that were believed: something else than release 7 was taken in, or 7 does not run any more. */
export async function believed(some: readonly Lie[] = lies): Promise<string[]> {
  const taken: string[] = [];
  for (const { name, tell } of some) {
    const server = createServer();
    const machine: Machine = await createMachine(server);
    server.publish(release());
    await machine.look();
    await machine.store.change((state) => rehearsed(state, 7, null, today));
    tell(server);
    const { code } = await machine.look();
    const state = await machine.store.read();
    const others = state.kept.filter(({ manifest }) => manifest.counter !== 7);
    if (code === "staged" || code === "current" || others.length > 0 || running(state, null)?.manifest.counter !== 7)
      taken.push(`${name} (${code})`);
    machine.db.close();
  }
  return taken;
}
