// Caches what the extension's own pages read from the API: a lead's list stale-while-revalidate, model files by hash for good. Writes never pass here.
import { CacheableResponsePlugin } from "workbox-cacheable-response";
import { clientsClaim } from "workbox-core";
import { ExpirationPlugin } from "workbox-expiration";
import { registerRoute } from "workbox-routing";
import { CacheFirst, StaleWhileRevalidate } from "workbox-strategies";
import { readsChannel } from "./store/api-reads.ts";
import { subtleSha256 } from "./store/prepare-decision.ts";

const readsCache = "sectag-reads";
const modelsCache = "sectag-models";

/** What pages read of the server itself. History and events are IndexedDB's alone. */
const reads = /\/v1\/waiting$/;
/** The name is the content: what was fetched once never changes. */
const modelFiles = /\/v1\/models\/files\/[0-9a-f]{64}$/;

type Plugins = NonNullable<NonNullable<ConstructorParameters<typeof CacheFirst>[0]>["plugins"]>;
type Plugin = Plugins[number];

/** An answer belongs to the key that asked: another person's, before everything is forgotten, would name another team's tickets. */
const ofOneKey: Plugin = {
  async cacheKeyWillBeUsed({ request }) {
    return `${request.url}?for=${await subtleSha256(request.headers.get("authorization") ?? "")}`;
  },
};

const tellsChanges: Plugin = {
  async cacheDidUpdate({ oldResponse, newResponse }) {
    if (!oldResponse || (await oldResponse.clone().text()) === (await newResponse.clone().text())) return;
    const channel = new BroadcastChannel(readsChannel);
    channel.postMessage(null);
    channel.close();
  },
};

/** Workbox's own classes do not satisfy its own type under exactOptionalPropertyTypes. */
const keep = (limits: ConstructorParameters<typeof ExpirationPlugin>[0]) =>
  [new CacheableResponsePlugin({ statuses: [200] }), new ExpirationPlugin({ ...limits, purgeOnQuotaError: true })] as Plugins;

/** Call once, at the start of the service worker: routes must stand before the first request. */
export function cacheReads(): void {
  // A page that was open before the first start is controlled from then on, too.
  clientsClaim();
  registerRoute(
    ({ url, request }) => request.method === "GET" && reads.test(url.pathname),
    new StaleWhileRevalidate({
      cacheName: readsCache,
      plugins: [ofOneKey, tellsChanges, ...keep({ maxEntries: 20, maxAgeSeconds: 7 * 86_400 })],
    }),
  );
  registerRoute(
    ({ url, request }) => request.method === "GET" && modelFiles.test(url.pathname),
    new CacheFirst({ cacheName: modelsCache, plugins: keep({ maxEntries: 40 }) }),
  );
}

/** Another person or server, or none: nothing of the one before may be shown. */
export async function forgetReads(): Promise<void> {
  await caches.delete(readsCache);
}
