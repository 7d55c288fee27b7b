// Builds the extension for the commands that show it or prove something with it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** @returns the folder of the build. @throws Error with the builder's output. */
export function buildExtension(): string {
  console.log("Building the extension ...");
  const { status, stdout, stderr, error } = spawnSync("wxt", ["build"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${stdout ?? ""}\n${stderr ?? ""}\nThe build failed: ${error?.message ?? "what is above says why"}.`);
  return join(import.meta.dirname, "..", ".output", "chrome-mv3");
}
