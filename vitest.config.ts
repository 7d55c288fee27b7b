// Unit and contract tests: no browser, no build; DOM tests say so in their first line (`@vitest-environment jsdom`).
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    exclude: ["tests/e2e/**", "node_modules/**"],
    testTimeout: 20_000,
    retry: 0,
  },
  define: { "import.meta.env.FIREFOX": "false" },
});
