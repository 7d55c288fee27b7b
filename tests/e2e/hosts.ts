// What the tests of added hosts share: the browser's answer to its own question, and the options page as a person uses it.
import type { Page } from "puppeteer-core";
import { expect, vi } from "vitest";
import type { Bench } from "./lab.ts";

/**
 * Answers the browser's question before it is asked, as a person may on chrome://extensions ("site access"). A prompt of the browser cannot be
 * pressed by a test; after this, `permissions.request` in the options says yes at once. The build is the one that is shipped.
 */
async function allowBeforehand(bench: Bench, origin: string): Promise<void> {
  const page = await bench.browser.newPage();
  await page.goto("chrome://extensions");
  await page.evaluate(
    async (id, pattern) => {
      const { developerPrivate } = chrome as unknown as {
        developerPrivate: { addHostPermission(id: string, host: string): Promise<void> };
      };
      await developerPrivate.addHostPermission(id, pattern);
    },
    bench.extensionId,
    `${origin}/*`,
  );
}

const rows = (options: Page) => options.$$eval("#hosts ~ ul li", (items) => items.map(({ textContent }) => textContent ?? ""));

/** Types the address into the options and presses Enter; resolves when the list says that it is allowed. */
export async function addHost(bench: Bench, origin: string): Promise<void> {
  await allowBeforehand(bench, origin);
  const options = bench.console;
  await options.bringToFront();
  await options.waitForSelector('[aria-label="New address"]');
  await options.type('[aria-label="New address"]', origin);
  await options.keyboard.press("Enter");
  await options.waitForFunction(
    (name) => [...document.querySelectorAll("#hosts ~ ul li")].some((row) => row.textContent?.startsWith(`${name}allowed`)),
    { polling: 50 },
    origin,
  );
}

/** Presses the host's ✕; resolves when the browser has taken script and permission back. @returns the rows that are left. */
export async function removeHost(bench: Bench, origin: string): Promise<string[]> {
  const options = bench.console;
  await options.bringToFront();
  await options.click(`[aria-label="Remove ${origin}"]`);
  await options.waitForFunction(
    async (pattern) =>
      !(await chrome.permissions.contains({ origins: [pattern] })) &&
      (await chrome.scripting.getRegisteredContentScripts()).every(({ matches }) => !matches?.includes(pattern)),
    { polling: 50 },
    `${origin}/*`,
  );
  return rows(options);
}

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
