// `npm run prove -- delivery`: nothing but the signed release is ever believed, and a kill at each step leaves the old model or the new one, whole.

import { releaseKind } from "../../shared/release.ts";
import { openEnvelope } from "../../shared/signed-envelope.ts";
import { crashEverywhere } from "../../tests/extension/releases/crashes.ts";
import { believed, changedBytes, changedFields, lies, signedNonsense } from "../../tests/extension/releases/forgeries.ts";
import { key, release } from "../../tests/extension/releases/lab.ts";
import { signRelease } from "../sign-release.ts";

const { manifest } = release();
const genuine = new TextEncoder().encode(signRelease(manifest, [key]));
const began = performance.now();
let accepted = 0;
let fault = "";

async function tally(name: string, forgeries: Iterable<Uint8Array>): Promise<number> {
  const codes = new Map<string, number>();
  let tried = 0;
  for (const forged of forgeries) {
    const verified = await openEnvelope(forged, [key.publicKey], releaseKind);
    const code = verified.ok ? "ACCEPTED" : verified.code;
    if (verified.ok) accepted++;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    tried++;
  }
  const counts = [...codes].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`);
  console.log(`${name.padEnd(42)}${String(tried).padStart(7)}   ${counts.join(", ")}`);
  return tried;
}

let [bytes, fields, nonsense] = [0, 0, 0];
let kills = { kills: 0, old: 0, fresh: 0 };
try {
  if (!(await openEnvelope(genuine, [key.publicKey], releaseKind)).ok) throw new Error("The genuine envelope is refused");
  console.log(`An envelope of ${genuine.length} bytes.\n${"forged".padEnd(42)}${"tried".padStart(7)}   refused as`);
  bytes = await tally("bits turned, bytes added or missing, cut", changedBytes(genuine));
  fields = await tally("fields changed by somebody without our key", changedFields(manifest));
  nonsense = await tally("values that no manifest has, signed by us", signedNonsense(manifest));
  const taken = await believed();
  accepted += taken.length;
  console.log(
    `${"lying servers".padEnd(42)}${String(lies.length).padStart(7)}   ${taken.join(", ") || "none believed, release 7 went on each time"}`,
  );
  kills = await crashEverywhere();
  console.log(
    `${"kills while a release is taken in".padEnd(42)}${String(kills.kills).padStart(7)}   old ${kills.old}, new ${kills.fresh}, each whole`,
  );
} catch (error) {
  fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(fault);
}
const all = bytes > 30_000 && fields > 1000 && nonsense > 500 && lies.length > 30 && kills.kills > 100;
const ok = !fault && accepted === 0 && all && kills.old + kills.fresh === kills.kills;
const seconds = Math.round((performance.now() - began) / 100) / 10;
console.log(JSON.stringify({ bytes, fields, nonsense, servers: lies.length, accepted, ...kills, seconds, ok }));
process.exitCode = ok ? 0 : 1;
