// Starts the system's Chromium with the built extension in it, offline but for the practice desk. Used by `npm start` and the end-to-end tests.
import { existsSync } from "node:fs";
import { join } from "node:path";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { type Reports, reportsIn } from "./reports.ts";

/** Chromium asks these hosts by itself; here it must ask nobody (PLATFORM section 1: read from its network log). */
const quiet = [
  "--apps-gallery-update-url=http://127.0.0.1:9/",
  "--gaia-url=http://127.0.0.1:9/",
  "--component-updater=url-source=http://127.0.0.1:9/",
  "--variations-server-url=http://127.0.0.1:9/",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
  "--no-default-browser-check",
];

interface Options {
  /** Folder of the built extension (with its manifest.json). */
  extension: string;
  /** Flags that map host names to the desk (`Desk.chromiumFlags`). */
  flags: readonly string[];
  headless: boolean;
  /** Profile folder to use again; a new temporary one when absent. */
  profile?: string;
  /** As the command line loads it: the browser remembers what it was allowed. (What puppeteer loads is new to each browser.) */
  installed?: boolean;
}

export interface Lab extends Reports {
  browser: Browser;
  extensionId: string;
  /** A page of the extension, for its storage and messages. */
  console: Page;
  close(): Promise<void>;
}

/** @throws Error when Chromium or the built extension is missing. */
export async function launch({ extension, flags, headless, profile, installed = false }: Options): Promise<Lab> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`No Chromium at ${executablePath}: install it, or set CHROMIUM to its path`);
  if (!existsSync(join(extension, "manifest.json"))) throw new Error(`No built extension in ${extension}: run \`npm run build\``);
  const browser = await puppeteer.launch({
    executablePath,
    headless,
    ...(installed ? { ignoreDefaultArgs: ["--disable-extensions"] } : { enableExtensions: [extension] }),
    defaultViewport: headless ? { width: 1360, height: 900 } : null,
    ...(profile ? { userDataDir: profile } : {}),
    args: [
      ...quiet,
      ...flags,
      ...(installed ? [`--load-extension=${extension}`] : []),
      "--disable-dev-shm-usage",
      // Chromium's own sandbox does not start for root; the pages here are ours.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  try {
    const worker = await browser.waitForTarget(
      (target) => target.type() === "service_worker" && target.url().startsWith("chrome-extension://"),
      { timeout: 20_000 },
    );
    const extensionId = new URL(worker.url()).host;
    const console = await browser.newPage();
    await console.goto(`chrome-extension://${extensionId}/options.html`);
    return {
      browser,
      extensionId,
      console,
      ...reportsIn(console),
      close: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
