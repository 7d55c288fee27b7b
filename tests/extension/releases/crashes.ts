// Kills the background at each of its awaits while it takes a release in: every call to database, storage and network is one.
import { IDBFactory } from "fake-indexeddb";
import { readRelease } from "../../../extension/releases/read-release.ts";
import * as steps from "../../../extension/releases/release-state.ts";
import { releaseUrl } from "../../../extension/releases/release-url.ts";
import { createMachine, createServer, type Machine, release, sha256, today } from "./lab.ts";

/** Ends everything at the n-th call; nothing happens after it. */
class Killed extends Error {}

/** All that the background does, from the look to the first tickets of the new model, through calls that may be the last. */
async function takeIn(machine: Machine, alive: () => void): Promise<void> {
  const { store } = machine;
  const change: typeof store.change = async (step) => {
    alive();
    const state = await store.change(step);
    alive();
    return state;
  };
  const result = await machine.look({ store: { ...store, change } });
  const { counter } = result;
  if (result.code !== "staged" || counter === null) return;
  await change((state) => steps.rehearse(state, counter, today));
  await change((state) => steps.rehearsed(state, counter, null, today));
  await change((state) => steps.start(state, null));
  await change((state) => steps.loaded(state, counter, null));
  await change((state) => steps.answered(state, counter, today + steps.healthyAfter.ms, null));
  await store.sweep();
}

/** Every file of what runs is here and is the one that was signed; the packaged model always is. */
async function isWhole(machine: Machine): Promise<number | null> {
  const manifest = steps.running(await machine.store.read(), null)?.manifest;
  if (!manifest) return null;
  for (const file of manifest.files) {
    const response = await readRelease(releaseUrl(manifest.counter) + file.path, machine.open);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== file.size || sha256(bytes) !== file.sha256) throw new Error(`${file.path} of ${manifest.counter} is not whole`);
  }
  return manifest.counter;
}

/** @param every leaves places out. @returns how often it was killed, and what ran afterwards. @throws Error when something else than old or new, whole, did. */
export async function crashEverywhere(every = 1): Promise<{ kills: number; old: number; fresh: number }> {
  let [kills, old, fresh] = [0, 0, 0];
  for (let kill = 1; ; kill += every) {
    const server = createServer();
    const indexedDB = new IDBFactory();
    const items = new Map<string, unknown>();
    server.publish(release());
    await takeIn(await createMachine(server, indexedDB, items), () => undefined);
    const card = { "README.md": Uint8Array.from(Buffer.from("# Another card")) };
    server.publish(release({ counter: 8, version: "2026.50.1" }, card));

    let calls = 0;
    let dead = false;
    const alive = () => {
      if (++calls === kill) dead = true;
      if (dead) throw new Killed(`at call ${kill}`);
    };
    const doomed = await createMachine(server, indexedDB, items, alive);
    // Some of it takes a kill for a network that is gone, and answers.
    await takeIn(doomed, alive).catch((error: unknown) => {
      if (!dead) throw error;
    });
    doomed.db.close();
    const after = await createMachine(server, indexedDB, items);
    const runs = await isWhole(after);
    if (dead && runs === 7) old++;
    else if (dead && runs === 8) fresh++;
    else if (runs !== 8) throw new Error(`Killed at call ${kill}, ${runs} runs`);
    const highest = (await after.store.read()).highest?.counter ?? 0;
    if (highest < 7) throw new Error(`Killed at call ${kill}, the highest counter is ${highest}`);
    // Whatever was left half-done: the next look brings the new one.
    await takeIn(await createMachine(server, indexedDB, items), () => undefined);
    if ((await isWhole(await createMachine(server, indexedDB, items))) !== 8)
      throw new Error(`Killed at call ${kill}, the next look did not mend it`);
    if (!dead) return { kills, old, fresh };
    kills++;
  }
}
