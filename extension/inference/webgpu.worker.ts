// Worker entry: the model on the graphics card, through onnxruntime-web's JSPI build. Started only by calibration or a stored choice.
import { z } from "zod";
import { scheme } from "../releases/release-url.ts";
import { installOrtPolicy, ortFolder } from "./worker-policy.ts";
import { createWorkerServer } from "./worker-server.ts";

/** The few parts of WebGPU that are asked for; the DOM types of some TypeScript versions lack them. */
interface Gpu {
  requestAdapter(): Promise<unknown>;
}
const Adapter = z.object({
  isFallbackAdapter: z.boolean().optional(),
  info: z.object({ isFallbackAdapter: z.boolean().optional() }).optional(),
});

const { origin } = self.location;
installOrtPolicy(self, origin);

function unsupported(reason: string): Error {
  return Object.assign(new Error(reason), { code: "unsupported" });
}

/** @throws Error with code "unsupported" and the reason that options shows. */
async function requireGpu(allowFallbackAdapter: boolean): Promise<void> {
  const gpu: unknown = Reflect.get(navigator, "gpu");
  if (typeof gpu !== "object" || gpu === null) throw unsupported("This browser has no WebGPU");
  if (!("Suspending" in WebAssembly)) throw unsupported("This browser cannot suspend WebAssembly (JSPI), which the WebGPU build needs");
  const adapter = await (gpu as Gpu).requestAdapter();
  if (adapter === null) throw unsupported("There is no graphics adapter that WebGPU can use");
  const { isFallbackAdapter, info } = Adapter.parse(adapter);
  if ((isFallbackAdapter || info?.isFallbackAdapter) && !allowFallbackAdapter) {
    throw unsupported("The only graphics adapter is a software one, which is slower than the processor");
  }
}

const handle = createWorkerServer({
  backend: "webgpu",
  async startRuntime({ allowFallbackAdapter }) {
    await requireGpu(allowFallbackAdapter);
    const ort = await import("onnxruntime-web/jspi");
    ort.env.logLevel = "error";
    ort.env.wasm.wasmPaths = new URL(ortFolder, origin).href;
    ort.env.wasm.numThreads = 1;
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
