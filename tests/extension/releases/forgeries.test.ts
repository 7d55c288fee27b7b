// The short form of `npm run prove -- delivery`: a sample of every kind of forgery, and none believed.
import { expect, test } from "vitest";
import { signRelease } from "../../../scripts/sign-release.ts";
import { releaseKind } from "../../../shared/release.ts";
import { openEnvelope } from "../../../shared/signed-envelope.ts";
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
      expect({ forged: new TextDecoder().decode(forged), ok: (await openEnvelope(forged, [key.publicKey], releaseKind)).ok }).toMatchObject(
        {
          ok: false,
        },
      );
    }
    expect(tried).toBeGreaterThan(80);
    expect((await openEnvelope(genuine, [key.publicKey], releaseKind)).ok).toBe(true);
  });

test("no lying server is believed, and the model that runs goes on", async () => {
  expect(await believed(lies.filter((_, n) => n % 3 === 0))).toEqual([]);
});
