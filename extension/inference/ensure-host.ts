// Sees that the model's host exists: Chromium's one offscreen document. Firefox's background is the host itself.
import { browser } from "wxt/browser";

let making: Promise<void> | null = null;

/** Resolves when the host listens. @throws Error with the browser's reason when it cannot be made. */
export async function ensureHost(): Promise<void> {
  if (import.meta.env.FIREFOX) return;
  // Two pages may ask at once; a second createDocument would throw.
  making ??= make().finally(() => {
    making = null;
  });
  await making;
}

async function make(): Promise<void> {
  const url = browser.runtime.getURL("/offscreen.html");
  const contexts = await browser.runtime.getContexts({ contextTypes: ["OFFSCREEN_DOCUMENT"], documentUrls: [url] });
  if (contexts.length > 0) return;
  await browser.offscreen.createDocument({
    url,
    reasons: ["WORKERS"],
    justification: "Runs the language model in a web worker, on this machine.",
  });
}
