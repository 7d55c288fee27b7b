// Added hosts at work: the content script is registered for each that the browser allows, and taken away again with its permission.
import { browser } from "wxt/browser";
import { sendMessage } from "./messages.ts";
import { servesHost, sites } from "./sites/all-sites.ts";
import { type ListedHost, patternOf, readHosts, watchHosts } from "./store/hosts.ts";

/** The content script as WXT builds it. */
export const contentScript = "/content-scripts/content.js";
const prefix = "host ";
/** In the memory that an update or a restart empties: whether the hosts were looked at since. */
const lookedKey = "hosts.looked";

export interface CustomHost extends ListedHost {
  /** The browser lets SecTag read it. */
  allowed: boolean;
}

/** True when the manifest's own patterns cover the origin: the content script is there already. */
export const isBuiltIn = (origin: string) => sites.some((site) => servesHost(site, new URL(origin)));

/** The list, and for each host whether the browser allows it. Hosts that the manifest covers anyway are left out. */
export async function customHosts(): Promise<CustomHost[]> {
  const listed = (await readHosts()).filter(({ origin }) => !isBuiltIn(origin));
  return Promise.all(
    listed.map(async (host) => ({ ...host, allowed: await browser.permissions.contains({ origins: [patternOf(host.origin)] }) })),
  );
}

/** Calls back when a host was added, removed, allowed or forbidden, until `signal` aborts. */
export function watchCustomHosts(signal: AbortSignal, onChange: () => void): void {
  watchHosts(signal, onChange);
  browser.permissions.onAdded.addListener(onChange);
  browser.permissions.onRemoved.addListener(onChange);
  signal.addEventListener("abort", () => {
    browser.permissions.onAdded.removeListener(onChange);
    browser.permissions.onRemoved.removeListener(onChange);
  });
}

/**
 * Brings the registered scripts in line with the list and with what the browser allows; doing it again changes nothing. Registrations
 * outlive a restart of the browser, but not an update of the extension. Tabs that are open already are read too; but not at the first look
 * after an update, when an older script still stands in them.
 */
export async function applyHosts(): Promise<void> {
  const openTabs = lookedKey in (await browser.storage.session.get(lookedKey));
  const hosts = await customHosts();
  const allowed = new Set(hosts.filter((host) => host.allowed).map(({ origin }) => prefix + origin));
  const registered = (await browser.scripting.getRegisteredContentScripts()).map(({ id }) => id).filter((id) => id.startsWith(prefix));
  for (const id of registered.filter((known) => !allowed.has(known))) {
    const origin = id.slice(prefix.length);
    // First the tabs (which are not found any more without the permission), last the script: it remembers what is still to be done.
    await inTabs(origin, (tabId) => sendMessage("page.stop", undefined, tabId));
    // A permission that the manifest demands cannot be given back; one that is gone need not be.
    if (!hosts.some((host) => host.origin === origin))
      await browser.permissions.remove({ origins: [patternOf(origin)] }).catch(() => false);
    await browser.scripting.unregisterContentScripts({ ids: [id] });
  }
  for (const id of [...allowed].filter((wanted) => !registered.includes(wanted))) {
    const origin = id.slice(prefix.length);
    await browser.scripting.registerContentScripts([
      { id, matches: [patternOf(origin)], js: [contentScript], allFrames: true, runAt: "document_idle" },
    ]);
    if (openTabs)
      await inTabs(origin, (tabId) => browser.scripting.executeScript({ target: { tabId, allFrames: true }, files: [contentScript] }));
  }
  await browser.storage.session.set({ [lookedKey]: true });
}

/** Call once, at the start of the background: keeps the registrations right from then on. */
export function followHosts(): void {
  let last: Promise<void> = Promise.resolve();
  const apply = () => {
    last = last.then(applyHosts).catch((error: unknown) => console.warn("SecTag: the added hosts could not be registered", error));
  };
  watchCustomHosts(new AbortController().signal, apply);
  // Both wake the background; that it runs is enough, since it looks at each start.
  browser.runtime.onInstalled.addListener(() => undefined);
  browser.runtime.onStartup.addListener(() => undefined);
  apply();
}

/** Tabs that are asleep, or that were closed meanwhile, refuse: they are none that SecTag could help. */
async function inTabs(origin: string, work: (tabId: number) => Promise<unknown>): Promise<void> {
  const tabs = await browser.tabs.query({ url: patternOf(origin) });
  await Promise.allSettled(tabs.flatMap(({ id }) => (id === undefined ? [] : [work(id)])));
}
