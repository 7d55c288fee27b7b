// What the tests of added hosts need beside scripts/added-host.ts: an extension that is ended and started, as for an update.
import { expect, vi } from "vitest";
import type { Bench } from "./lab.ts";

/** Ends and starts the extension, as the browser does for an update; its pages are closed with it. @returns the origins with a script, as soon as there are any. */
export async function reloadExtension(bench: Bench): Promise<string[]> {
  const page = await bench.browser.newPage();
  await page.goto("chrome://extensions");
  await page.evaluate(async (id) => {
    const { developerPrivate } = chrome as unknown as {
      developerPrivate: { reload(id: string): Promise<void>; updateProfileConfiguration(to: { inDeveloperMode: boolean }): Promise<void> };
    };
    // Else the browser leaves an unpacked extension off when it is loaded again.
    await developerPrivate.updateProfileConfiguration({ inDeveloperMode: true });
    await developerPrivate.reload(id);
  }, bench.extensionId);
  return vi.waitFor(
    async () => {
      await page.goto(`chrome-extension://${bench.extensionId}/options.html`);
      const scripts = await page.evaluate(() => chrome.scripting.getRegisteredContentScripts());
      expect(scripts).not.toEqual([]);
      return scripts.flatMap(({ matches }) => matches ?? []);
    },
    { timeout: 20_000 },
  );
}
