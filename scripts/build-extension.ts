// Builds the extension for the commands that show it or prove something with it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** @param model the one that is shipped, or the small random one. @returns the folder of the build. @throws Error with the builder's output. */
export function buildExtension(model: "stable" | "tiny" = "stable", browser: "chrome" | "firefox" = "chrome"): string {
  console.log("Building the extension ...");
  const out = model === "tiny" ? join(".output", "tiny") : ".output";
  const env = { ...process.env, SECTAG_OUT: out, ...(model === "tiny" ? { SECTAG_MODEL: model } : {}) };
  const { status, stdout, stderr, error } = spawnSync("wxt", ["build", "--browser", browser], { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${stdout ?? ""}\n${stderr ?? ""}\nThe build failed: ${error?.message ?? "what is above says why"}.`);
  return join(import.meta.dirname, "..", out, `${browser}-mv3`);
}
