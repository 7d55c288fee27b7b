// Pairs a browser with a server as a person does: pastes the link into the options page and presses the button.
import type { Page } from "puppeteer-core";
import { until } from "./until.ts";

/** @param options the extension's options page. @throws Error with the page's own words when the server refuses the link. */
export async function pairByHand(options: Page, link: string): Promise<void> {
  await options.bringToFront();
  await options.locator("#pairing-link").fill("");
  await options.focus("#pairing-link");
  await options.keyboard.sendCharacter(link);
  await options.click("form.pair button[type=submit]");
  const outcome = await until("an answer to the pairing link", () =>
    options.evaluate(() => {
      if (!document.querySelector("form.pair")) return "paired";
      return document.querySelector("#pairing-problem")?.textContent || null;
    }),
  );
  if (outcome !== "paired") throw new Error(outcome);
}
