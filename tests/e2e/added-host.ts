// A browser in which a person has added a host and pressed "Allow": no test can press the browser's own question.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, startBench } from "./lab.ts";

/** Starts a desk and a browser whose extension has the permission for `origin`, adds it to the list, and waits for the script. */
export async function benchWithHost(built: string, origin: string): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "sectag-host-"));
  const extension = join(folder, "extension");
  await cp(built, extension, { recursive: true });
  const manifest = JSON.parse(await readFile(join(extension, "manifest.json"), "utf8"));
  // A permission that the manifest demands is one that was given.
  await writeFile(join(extension, "manifest.json"), JSON.stringify({ ...manifest, host_permissions: [`${origin}/*`] }));
  const bench = await startBench(extension);
  await bench.console.evaluate((host) => chrome.storage.local.set({ hosts: [host] }), origin);
  await bench.console.waitForFunction(async () => (await chrome.scripting.getRegisteredContentScripts()).length > 0, { polling: 50 });
  return {
    ...bench,
    async close() {
      await bench.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
