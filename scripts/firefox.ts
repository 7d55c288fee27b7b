// Starts the system's Firefox with the built extension in it, by WebDriver BiDi; offline but for the practice desk.
import { existsSync } from "node:fs";
import { join } from "node:path";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import type { Desk } from "../tests/desk/server.ts";
import { type Reports, reportsIn } from "./reports.ts";
import { openTunnel } from "./tunnel.ts";
import { until } from "./until.ts";

/** The id of wxt.config.ts, and the address that Firefox is told to give its pages (otherwise a new one each time). */
const addonId = "sectag@sectag.example";
const uuid = "5ec7a600-0000-4000-8000-000000000001";
export const extensionPages = `moz-extension://${uuid}`;

export interface FirefoxLab extends Reports {
  browser: Browser;
  version: string;
  /** The options page, for the extension's storage. */
  console: Page;
  /** Opens a page of the extension: Firefox does not tell when it is loaded. */
  openOwn(path: string): Promise<Page>;
  /** Hosts outside the desk that the browser asked for, in vain. */
  refused: ReadonlySet<string>;
  close(): Promise<void>;
}

/** @throws Error when Firefox or the build is missing. */
export async function launchFirefox(extension: string, desk: Desk): Promise<FirefoxLab> {
  const executablePath = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
  if (!existsSync(executablePath)) throw new Error(`No Firefox at ${executablePath}: install it, or set FIREFOX to its path`);
  if (!existsSync(join(extension, "manifest.json"))) throw new Error(`No built extension in ${extension}`);
  const tunnel = await openTunnel(
    desk.port,
    [desk.jira, desk.serviceNow].map((origin) => new URL(origin).host),
  );
  const browser = await puppeteer
    .launch({
      browser: "firefox",
      executablePath,
      headless: true,
      // The desk's certificate is its own.
      acceptInsecureCerts: true,
      // Without it no page of an extension may be looked into.
      args: ["--remote-allow-system-access"],
      defaultViewport: { width: 1360, height: 900 },
      extraPrefsFirefox: {
        "network.proxy.type": 1,
        "network.proxy.http": "127.0.0.1",
        "network.proxy.http_port": tunnel.port,
        "network.proxy.ssl": "127.0.0.1",
        "network.proxy.ssl_port": tunnel.port,
        "extensions.webextensions.uuids": JSON.stringify({ [addonId]: uuid }),
      },
    })
    .catch(async (error: unknown) => {
      await tunnel.close();
      throw error;
    });
  const openOwn = async (path: string) => {
    const page = await browser.newPage();
    // Its load is not told, so the wait for it never ends: what counts is that scripts run in it.
    page.goto(`${extensionPages}/${path}`, { timeout: 0 }).catch(() => undefined);
    await until(`${path} of the extension`, () => page.evaluate((own) => location.href.startsWith(own), extensionPages));
    return page;
  };
  const close = async () => {
    await browser.close();
    await tunnel.close();
  };
  try {
    await browser.installExtension(extension);
    const console = await openOwn("options.html");
    return { browser, version: await browser.version(), console, openOwn, ...reportsIn(console), refused: tunnel.refused, close };
  } catch (error) {
    await close();
    throw error;
  }
}
