// Starts one of our two workers in this document, through the Trusted Types policy; the only file that knows the bundler's worker URLs.
import wasmUrl from "./inference.worker.ts?worker&url";
import webgpuUrl from "./webgpu.worker.ts?worker&url";
import { createWorkerUrlPolicy } from "./worker-policy.ts";

/** Makes the `createWorker` of `createInferenceHost`. Call it once a document: a policy's name may be used once only. */
export function workerStarter(): (backend: "wasm" | "webgpu") => Worker {
  const trusted = createWorkerUrlPolicy(globalThis, location.origin);
  const urls = { wasm: wasmUrl, webgpu: webgpuUrl };
  return (backend) => new Worker(trusted(urls[backend]), { type: "module", name: `sectag-${backend}` });
}
