// Reads a page because the person asks for it: puts the content script into the tab where it is not, which the press of the toolbar button allows.
import { browser } from "wxt/browser";
import { contentScript } from "./custom-hosts.ts";
import { sendMessage } from "./messages.ts";

/** @throws Error when the browser does not allow it: its own pages, a tab whose toolbar button was not pressed. */
export async function readPage(tabId: number): Promise<void> {
  try {
    return await sendMessage("page.read", undefined, tabId);
  } catch {
    // Nobody is there who could hear it.
  }
  await browser.scripting.executeScript({ target: { tabId }, files: [contentScript] });
  await sendMessage("page.read", undefined, tabId);
}
