// Caches what the extension's own pages read from the API: labels stale-while-revalidate, model files by hash for good. Writes never pass here.
import { CacheableResponsePlugin } from "workbox-cacheable-response";
import { clientsClaim } from "workbox-core";
import { ExpirationPlugin } from "workbox-expiration";
import { registerRoute } from "workbox-routing";
import { CacheFirst, StaleWhileRevalidate } from "workbox-strategies";

const readsCache = "sectag-reads";
const modelsCache = "sectag-models";

/** What pages read: who they are, and a ticket's label. History and events are IndexedDB's alone. */
const reads = /\/v1\/(?:me|tickets\/[0-9a-f]{64})$/;
/** The name is the content: what was fetched once never changes. */
const modelFiles = /\/v1\/models\/files\/[0-9a-f]{64}$/;

type Plugins = NonNullable<NonNullable<ConstructorParameters<typeof CacheFirst>[0]>["plugins"]>;

/** Workbox's own classes do not satisfy its own type under exactOptionalPropertyTypes. */
const keep = (limits: ConstructorParameters<typeof ExpirationPlugin>[0]) =>
  [new CacheableResponsePlugin({ statuses: [200] }), new ExpirationPlugin({ ...limits, purgeOnQuotaError: true })] as Plugins;

/** Call once, at the start of the service worker: routes must stand before the first request. */
export function cacheReads(): void {
  // A page that was open before the first start is controlled from then on, too.
  clientsClaim();
  registerRoute(
    ({ url, request }) => request.method === "GET" && reads.test(url.pathname),
    new StaleWhileRevalidate({ cacheName: readsCache, plugins: keep({ maxEntries: 200, maxAgeSeconds: 7 * 86_400 }) }),
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
