// The control channel of a page double, `window.__double`: for tests by CDP only; page scripts and extensions never call it.
import type { ForeignMutation } from "./watchdog.ts";

export interface DeskDouble {
  /** Makes the page do something, e.g. `step("edit:New text")`; resolves when the first change is in the DOM. */
  step(command: string): Promise<void>;
  /** Resolves when everything that the page loads by itself is shown. */
  settled(): Promise<void>;
  foreignMutations(): ForeignMutation[];
  violations(): string[];
  /** The commands that `step` knows. */
  steps: string[];
}

declare global {
  interface Window {
    __double?: DeskDouble;
  }
}

/**
 * Puts the control channel on `window`. A command is `name` or `name:argument`.
 * @throws Error from `step` for an unknown name, listing the known ones.
 */
export function exposeControl(steps: Record<string, (argument: string) => void | Promise<void>>, settled: () => Promise<void>): void {
  window.__double = {
    async step(command) {
      const [, name = "", argument = ""] = /^([^:]+):?([\s\S]*)$/.exec(command) ?? [];
      const run = steps[name];
      if (!run) throw new Error(`The double has no step "${name}"; there are ${Object.keys(steps).join(", ")}`);
      await run(argument);
    },
    settled,
    foreignMutations: () => window.__watchdog?.foreignMutations() ?? [],
    violations: () => window.__watchdog?.violations() ?? [],
    steps: Object.keys(steps),
  };
}
