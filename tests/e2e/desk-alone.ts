// The practice desk in a Chromium without the extension: for tests of the doubles themselves.
import puppeteer, { type Browser } from "puppeteer-core";
import { type Desk, startDesk } from "../desk/server.ts";

export async function startDeskAlone(): Promise<{ desk: Desk; browser: Browser; close(): Promise<void> }> {
  const desk = await startDesk({ speed: "fast" });
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...desk.chromiumFlags],
    defaultViewport: { width: 1280, height: 900 },
  });
  return {
    desk,
    browser,
    async close() {
      await browser.close();
      await desk.close();
    },
  };
}
