// What the code under test consists of: the extension's background with the store, and the API.
import type { ProgramOptions } from "./instrument.ts";

/** Where the extension's background begins. */
export const clientEntry = "extension/review-host.ts";

export const clientProgram: ProgramOptions = {
  entries: [clientEntry],
  inside: "extension",
  without: ["extension/messages.ts", "extension/api-cache.ts"],
};

export const serverProgram: ProgramOptions = {
  entries: ["worker-api/app.ts", "worker-api/database.ts", "worker-api/accounts.ts"],
  inside: "worker-api",
};
