// Who may send what: a content script is not the extension, and nobody else is either.
import { expect, test, vi } from "vitest";

vi.mock("@webext-core/messaging", () => ({
  defineExtensionMessaging: () => ({ onMessage: () => () => undefined, sendMessage: () => undefined }),
}));
const { PortReply, PortRequest, senderAllowed } = await import("../../extension/messages.ts");

const id = "abc";
const origin = "chrome-extension://abc/";
const contentScript = { id, url: "https://x.atlassian.net/browse/A-1", tab: { id: 1 }, frameId: 0 };
const popup = { id, url: `${origin}popup.html` };
const optionsTab = { id, url: `${origin}options.html`, tab: { id: 2 } };

test("page messages come from content scripts only, extension messages from own pages only", () => {
  expect(senderAllowed("page", contentScript, id, origin)).toBe(true);
  expect(senderAllowed("page", popup, id, origin)).toBe(false);
  expect(senderAllowed("page", optionsTab, id, origin)).toBe(false);
  expect(senderAllowed("extension", popup, id, origin)).toBe(true);
  expect(senderAllowed("extension", optionsTab, id, origin)).toBe(true);
  expect(senderAllowed("extension", contentScript, id, origin)).toBe(false);
  for (const from of ["page", "extension"] as const) expect(senderAllowed(from, { ...contentScript, id: "other" }, id, origin)).toBe(false);
  expect(senderAllowed("page", { url: "https://evil.example" }, id, origin)).toBe(false);
});

test("port messages of unknown kind or with extra fields are refused", () => {
  expect(PortRequest.safeParse({ kind: "cancel", id: 1 }).success).toBe(true);
  for (const wrong of [
    { kind: "shutdown", id: 1 },
    { kind: "cancel" },
    { kind: "cancel", id: 1, extra: true },
    null,
    "cancel",
    { kind: "analyze", id: 1, request: {} },
  ])
    expect(PortRequest.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  expect(PortReply.safeParse({ kind: "progress", id: 1, phase: "loading", progress: 2 }).success).toBe(false);
});
