// What the options page does when a person adds a host: asks the browser within the press, then puts it on the list.
import { browser } from "wxt/browser";
import { isBuiltIn } from "./custom-hosts.ts";
import { addHost, mostHosts, originOf, patternOf } from "./store/hosts.ts";

/** The browser's own question. Must be the first thing that a press does: after any wait the browser refuses to ask. */
export function allowHost(origin: string): Promise<boolean> {
  return browser.permissions.request({ origins: [patternOf(origin)] });
}

/** @param listed how many there are already. @returns "" when it was added, or why it was not. */
export async function askToAdd(text: string, listed: number): Promise<"" | "fault" | "builtIn" | "full" | "refused"> {
  const origin = originOf(text);
  if (!origin) return "fault";
  if (isBuiltIn(origin)) return "builtIn";
  if (listed >= mostHosts) return "full";
  if (!(await allowHost(origin))) return "refused";
  await addHost(origin);
  return "";
}
