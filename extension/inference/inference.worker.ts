// Worker entry: the model on the processor, through onnxruntime-web's WASM build. Wiring only.
import { scheme } from "../releases/release-url.ts";
import { installOrtPolicy, ortFolder } from "./worker-policy.ts";
import { createWorkerServer } from "./worker-server.ts";

const { origin } = self.location;
installOrtPolicy(self, origin);

const handle = createWorkerServer({
  backend: "wasm",
  async startRuntime({ threads }) {
    // Loaded only now, so that the policy is in force before any of its code runs.
    const ort = await import("onnxruntime-web/wasm");
    ort.env.logLevel = "error";
    ort.env.wasm.wasmPaths = new URL(ortFolder, origin).href;
    ort.env.wasm.numThreads = threads;
    return ort;
  },
  openCache: async () => (await import("../store/passage-cache.ts")).openPassageCache(),
  fetch: async (url, init) => {
    if (!url.startsWith(scheme)) return fetch(url, init);
    return (await import("../releases/read-release.ts")).readRelease(url);
  },
  post: (reply) => self.postMessage(reply),
  now: () => performance.now(),
  crossOriginIsolated: self.crossOriginIsolated,
});
self.addEventListener("message", (event) => handle(event.data));
