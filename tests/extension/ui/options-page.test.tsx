// @vitest-environment jsdom
// Wiring of the options page: a press that fails says why, until the next one.
import { act } from "react";
import { expect, test, vi } from "vitest";
import type { OptionsData } from "../../../extension/options-data.ts";
import { defaultKeys } from "../../../shared/review.ts";
import { modelView } from "./states.ts";

const { answers, tell } = vi.hoisted(() => ({
  answers: [] as (() => Promise<unknown>)[],
  tell: { data: (_data: unknown): void => undefined },
}));
vi.mock("wxt/browser", () => ({ browser: { permissions: {} } }));
vi.mock("../../../extension/texts.ts", async () => ({ texts: (await import("./languages.ts")).english }));
vi.mock("../../../extension/messages.ts", () => ({ sendMessage: () => answers.shift()?.() }));
vi.mock("../../../extension/custom-hosts.ts", () => ({ isBuiltIn: () => false }));
vi.mock("../../../extension/options-data.ts", () => ({
  followOptions: async (_signal: AbortSignal, onData: (data: unknown) => void) => (tell.data = onData),
}));

const data: OptionsData = {
  ...{ stored: null, db: null, problem: "", connection: null, hosts: [], keys: defaultKeys, managed: [], managedWriteBack: [] },
  ...{ settings: { webgpu: "auto" }, status: null, model: modelView, health: [], selectors: null },
  privacy: { restricted: "keep", ownDomains: [] },
  writeBack: { on: false, field: "" },
} as unknown as OptionsData;

test("a press that fails says why, until another one does not", async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  document.body.innerHTML = '<div id="root"></div>';
  await import("../../../extension/entrypoints/options/main.tsx");
  act(() => tell.data(data));
  const alerts = () => [...document.querySelectorAll('main > [role="alert"]')].map(({ textContent }) => textContent);
  const press = () =>
    act(async () => [...document.querySelectorAll("button")].find(({ textContent }) => textContent === "Back to the one before")?.click());
  expect(alerts()).toEqual([]);
  answers.push(() => Promise.reject(new Error("No space is left.")));
  await press();
  expect(alerts()).toEqual(["That did not work: No space is left."]);
  answers.push(async () => undefined);
  await press();
  expect([alerts(), answers]).toEqual([[], []]);
});
