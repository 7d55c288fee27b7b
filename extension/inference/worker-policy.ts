// Trusted Types: the one policy by which a document starts our workers, and the one by which onnxruntime loads its packaged files.

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

/** Name of the document's policy; the manifest's CSP lists it (`trusted-types sectag-worker default`). */
export const workerPolicyName = "sectag-worker";
/** Packaged onnxruntime files lie here. */
export const ortFolder = "/ort/";

function factoryOf(scope: object): PolicyFactory | null {
  const factory: unknown = Reflect.get(scope, "trustedTypes");
  // A browser without Trusted Types (Firefox) takes plain strings.
  return typeof factory === "object" && factory !== null && "createPolicy" in factory ? (factory as PolicyFactory) : null;
}

/**
 * Makes the function that turns the URL of one of our own scripts into what `new Worker` accepts. Call it once a document.
 * @param scope `globalThis` of the document.
 * @throws TypeError (from the returned function) for any URL that is not a script below `origin`.
 */
export function createWorkerUrlPolicy(scope: object, origin: string): (url: string) => string {
  const check = (url: string): string => {
    const { href, origin: from, pathname } = new URL(url, origin);
    if (new URL(origin).protocol !== new URL(href).protocol || !href.startsWith(`${origin}/`) || !/\.(?:js|ts)$/.test(pathname)) {
      throw new TypeError(`Not a worker of this extension: ${from}${pathname}`);
    }
    return href;
  };
  const policy = factoryOf(scope)?.createPolicy(workerPolicyName, { createScriptURL: check });
  // The DOM types know no Trusted Types yet; `new Worker` takes the object where it takes a string.
  return (url) => (policy ? (policy.createScriptURL(url) as string) : check(url));
}

/** Inside a worker, before onnxruntime is loaded: its thread start may name files below `/ort/` of this extension, and nothing else. */
export function installOrtPolicy(scope: object, origin: string): void {
  factoryOf(scope)?.createPolicy("default", {
    createScriptURL(url) {
      const { href } = new URL(url, origin);
      if (!href.startsWith(origin + ortFolder)) throw new TypeError(`Not a file of onnxruntime: ${href}`);
      return href;
    },
  });
}
