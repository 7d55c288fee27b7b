// The short form of `npm run prove -- delivery`: a sample of every kind of forgery, and none believed.
import { expect, test } from "vitest";
import { signRelease } from "../../../scripts/sign-release.ts";
import { verifyEnvelope } from "../../../shared/release-envelope.ts";
import { believed, changedBytes, changedFields, lies, signedNonsense } from "./forgeries.ts";
import { key, release } from "./lab.ts";

const { manifest } = release();
const genuine = new TextEncoder().encode(signRelease(manifest, [key]));

for (const [name, forgeries, every] of [
  ["bytes", () => changedBytes(genuine), 101],
  ["fields", () => changedFields(manifest), 41],
  ["nonsense under our own signature", () => signedNonsense(manifest), 7],
] as const)
  test(`no envelope with changed ${name} is believed`, async () => {
    let [tried, n] = [0, 0];
    for (const forged of forgeries()) {
      if (n++ % every !== 0) continue;
      tried++;
      expect({ forged: new TextDecoder().decode(forged), ok: (await verifyEnvelope(forged, [key.publicKey])).ok }).toMatchObject({
        ok: false,
      });
    }
    expect(tried).toBeGreaterThan(80);
    expect((await verifyEnvelope(genuine, [key.publicKey])).ok).toBe(true);
  });

test("no lying server is believed, and the model that runs goes on", async () => {
  expect(await believed(lies.filter((_, n) => n % 3 === 0))).toEqual([]);
});
