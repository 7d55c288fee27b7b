// Trusted Types policies let through our own scripts and onnxruntime's files, and nothing else.
import { describe, expect, it } from "vitest";
import { createWorkerUrlPolicy, installOrtPolicy } from "../../../extension/inference/worker-policy.ts";

const origin = "chrome-extension://abcdefghijklmnop";

function scope() {
  const policies = new Map<string, (url: string) => string>();
  const trustedTypes = {
    createPolicy(name: string, rules: { createScriptURL(url: string): string }) {
      policies.set(name, rules.createScriptURL);
      return { createScriptURL: (url: string) => ({ trusted: rules.createScriptURL(url) }) };
    },
  };
  return { trustedTypes, policies };
}

describe("createWorkerUrlPolicy", () => {
  it("trusts scripts of this extension", () => {
    const { trustedTypes, policies } = scope();
    const trust = createWorkerUrlPolicy({ trustedTypes }, origin);
    expect([...policies.keys()]).toEqual(["sectag-worker"]);
    expect(trust("/assets/inference.worker-abc.js")).toEqual({ trusted: `${origin}/assets/inference.worker-abc.js` });
  });

  it.each([
    "https://evil.example/a.js",
    "blob:chrome-extension://abcdefghijklmnop/1",
    "data:text/javascript,1",
    `${origin}.evil/a.js`,
    "/popup.html",
    "//evil.example/a.js",
  ])("refuses %s", (url) => {
    expect(() => createWorkerUrlPolicy(scope(), origin)(url)).toThrow(TypeError);
    expect(() => createWorkerUrlPolicy({}, origin)(url)).toThrow(TypeError);
  });

  it("gives a plain string where there are no Trusted Types", () => {
    expect(createWorkerUrlPolicy({}, origin)("/a.js")).toBe(`${origin}/a.js`);
  });
});

describe("installOrtPolicy", () => {
  it("lets packaged files of onnxruntime through, and nothing else", () => {
    const { trustedTypes, policies } = scope();
    installOrtPolicy({ trustedTypes }, origin);
    const policy = policies.get("default");
    expect(policy?.(`${origin}/ort/ort-wasm-simd-threaded.mjs`)).toBe(`${origin}/ort/ort-wasm-simd-threaded.mjs`);
    for (const url of ["blob:x", "https://evil.example/ort/a.mjs", `${origin}/other.js`, `${origin}/ort/../other.js`])
      expect(() => policy?.(url)).toThrow(TypeError);
  });
});
