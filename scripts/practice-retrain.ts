// The practice desk's way through the learning loop: a key that signs, and a retrain that a person starts in the terminal.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { ApiProcess } from "./api-process.ts";
import { sendScenario } from "./send-scenario.ts";
import { retrain, trainer } from "./trainer-process.ts";

/** The desk's own signing key; made once, for this user alone. @returns its public key, 64 hexadecimal digits. */
export function practiceKey(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  }
  const spki = createPublicKey(createPrivateKey(readFileSync(file))).export({ type: "spki", format: "der" });
  return spki.subarray(-32).toString("hex");
}

/** Waits for the word `retrain` in the terminal, and does it; one at a time. */
export function listenForRetrain(api: ApiProcess, folder: string, signingKey: string): void {
  if (!process.stdin.isTTY) return;
  console.log(`
To go round the whole loop, type \`retrain\` and press Enter: six invented colleagues send 300 corrections about phone numbers that were
taken over; the trainer learns from them and from yours, judges the new model, signs and publishes it. That takes 10 to 20 minutes, with progress.
Look at ITS-401 and ITS-402 before and after: the packaged model is not sure about them.`);
  let running: Promise<void> | null = null;
  createInterface({ input: process.stdin }).on("line", (line) => {
    if (line.trim() !== "retrain") return;
    if (running) return console.log("It is running.");
    running = goRound(api, folder, signingKey)
      .catch((error: unknown) => console.error(error instanceof Error ? error.message : error))
      .finally(() => {
        running = null;
      });
  });
}

async function goRound(api: ApiProcess, folder: string, signingKey: string): Promise<void> {
  const scene = join(folder, "scenario");
  // Its last file: a run that was ended half-way begins anew. The same decisions sent again change nothing.
  if (!existsSync(join(scene, "siblings.jsonl"))) await trainer(["scenario", "--out", scene]);
  await sendScenario(api, scene);
  const key = await api.key("Trainer", "service", "export", "publish");
  const { made } = await retrain({ api: api.baseUrl, key, signingKey, runs: join(folder, "runs") });
  console.log(
    `${made} is published. In the extension's options, under Model, press "Look for a new one": it is checked, tried, and then answers.`,
  );
}
