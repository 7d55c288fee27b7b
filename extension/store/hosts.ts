// The list of hosts that a person or a policy added to those of the manifest: a self-hosted Jira, a ServiceNow under a name of its own.
import { browser } from "wxt/browser";
import { z } from "zod";
import { readPolicy } from "./policy.ts";

const storageKey = "hosts";
/** More than anybody has; keeps a broken policy from registering thousands of scripts. */
export const mostHosts = 50;

export interface ListedHost {
  /** Scheme, name and port: `https://jira.corp.example`. */
  origin: string;
  /** Named by an administrator's policy: it cannot be removed here. */
  managed: boolean;
}

/** What a person or a policy wrote, as an origin; null when it names no single host. `jira.corp.example/browse/X` is https. */
export function originOf(text: string): string | null {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text.trim()) ? text.trim() : `https://${text.trim()}`);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || /[*\s]/.test(url.hostname)) return null;
  return url.origin;
}

/** The match pattern of an origin. Firefox knows no ports in patterns: there it covers all of the name's. */
export function patternOf(origin: string): string {
  const { protocol, host, hostname } = new URL(origin);
  return `${protocol}//${import.meta.env.BROWSER === "firefox" ? hostname : host}/*`;
}

/** The policy's hosts first, each once. */
export async function readHosts(): Promise<ListedHost[]> {
  const managed = await readPolicy([storageKey]);
  const hosts = new Map<string, ListedHost>();
  for (const origin of origins(managed[storageKey])) hosts.set(origin, { origin, managed: true });
  for (const origin of await ownHosts()) if (!hosts.has(origin)) hosts.set(origin, { origin, managed: false });
  return [...hosts.values()].slice(0, mostHosts);
}

/** Adds a host of the person's own. @throws Error when there are too many. */
export async function addHost(origin: string): Promise<void> {
  const own = await ownHosts();
  if (own.includes(origin)) return;
  if (own.length >= mostHosts) throw new Error(`No more than ${mostHosts} hosts`);
  await browser.storage.local.set({ [storageKey]: [...own, origin] });
}

export async function removeHost(origin: string): Promise<void> {
  await browser.storage.local.set({ [storageKey]: (await ownHosts()).filter((other) => other !== origin) });
}

/** Calls back when the list or the policy changed, until `signal` aborts. */
export function watchHosts(signal: AbortSignal, onChange: () => void): void {
  const listener = (changes: Record<string, unknown>, area: string) => {
    if (storageKey in changes && (area === "local" || area === "managed")) onChange();
  };
  browser.storage.onChanged.addListener(listener);
  signal.addEventListener("abort", () => browser.storage.onChanged.removeListener(listener));
}

async function ownHosts(): Promise<string[]> {
  return origins((await browser.storage.local.get(storageKey))[storageKey]);
}

function origins(stored: unknown): string[] {
  return (z.array(z.string()).safeParse(stored).data ?? []).flatMap((text) => originOf(text) ?? []);
}
