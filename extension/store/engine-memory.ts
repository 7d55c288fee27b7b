// What the user allows the engine (kept), what was measured best (kept), and how it runs now (until the browser closes).
import { browser } from "wxt/browser";
import { EngineChoice, EngineSettings, EngineStatus } from "../messages.ts";

const settingsKey = "engine.settings";
const choiceKey = "engine.choice";
const statusKey = "engine.status";

/** Stored settings; the defaults where nothing (or something of another version) is stored. */
export async function readSettings(): Promise<EngineSettings> {
  const stored = await browser.storage.local.get(settingsKey);
  const parsed = EngineSettings.safeParse(stored[settingsKey]);
  return parsed.success ? parsed.data : { webgpu: "auto" };
}

export async function writeSettings(settings: EngineSettings): Promise<void> {
  await browser.storage.local.set({ [settingsKey]: EngineSettings.parse(settings) });
  // What was measured under other settings says nothing now.
  await forgetChoice();
}

export async function readChoice(): Promise<EngineChoice | null> {
  const stored = await browser.storage.local.get(choiceKey);
  const parsed = EngineChoice.safeParse(stored[choiceKey]);
  return parsed.success ? parsed.data : null;
}

export async function forgetChoice(): Promise<void> {
  await browser.storage.local.remove(choiceKey);
}

/** Keeps the status for options, and the choice in it for the next start. */
export async function keepStatus(status: EngineStatus): Promise<void> {
  await browser.storage.session.set({ [statusKey]: status });
  if (status.choice) await browser.storage.local.set({ [choiceKey]: status.choice });
}

export async function readStatus(): Promise<EngineStatus | null> {
  const stored = await browser.storage.session.get(statusKey);
  const parsed = EngineStatus.safeParse(stored[statusKey]);
  return parsed.success ? parsed.data : null;
}
