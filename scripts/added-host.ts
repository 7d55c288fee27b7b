// Adds and removes a host as a person does, for tests and proofs: the browser's own question is answered beforehand.
import type { Page } from "puppeteer-core";
import type { Lab } from "./chromium.ts";

/**
 * Answers the browser's question before it is asked, as a person may on chrome://extensions ("site access"). A prompt of the browser cannot be
 * pressed by a test; after this, `permissions.request` in the options says yes at once. The build is the one that is shipped.
 */
async function allowBeforehand(lab: Lab, origin: string): Promise<void> {
  const page = await lab.browser.newPage();
  await page.goto("chrome://extensions");
  await page.evaluate(
    async (id, pattern) => {
      const { developerPrivate } = chrome as unknown as {
        developerPrivate: { addHostPermission(id: string, host: string): Promise<void> };
      };
      await developerPrivate.addHostPermission(id, pattern);
    },
    lab.extensionId,
    `${origin}/*`,
  );
}

const rows = (options: Page) => options.$$eval("#hosts ~ ul li", (items) => items.map(({ textContent }) => textContent ?? ""));

/** Types the address into the options and presses Enter; resolves when the list says that it is allowed. */
export async function addHost(lab: Lab, origin: string): Promise<void> {
  await allowBeforehand(lab, origin);
  const options = lab.console;
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
export async function removeHost(lab: Lab, origin: string): Promise<string[]> {
  const options = lab.console;
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
