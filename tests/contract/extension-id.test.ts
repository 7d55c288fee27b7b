// The extension's id is what Chromium makes of its key.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { extensionId, extensionKey } from "../../shared/extension-id.ts";

test("the id is made of the key", () => {
  const hash = createHash("sha256").update(Buffer.from(extensionKey, "base64")).digest("hex").slice(0, 32);
  expect([...hash].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join("")).toBe(extensionId);
});
