// The code under test, made ready for worlds: the extension's background and the API, both instrumented.
import { setAmbient } from "./globals.ts";
import { type Mutation, readProgram } from "./instrument.ts";
import { createLoop } from "./loop.ts";
import { clientProgram, serverProgram } from "./programs.ts";
import { createRandom } from "./random.ts";
import { createRuntime } from "./runtime.ts";
import { makeTemplate } from "./server.ts";
import { beginning, type Code } from "./world.ts";

/** @param mutations faults that are put into the code, to see whether they are found. */
export async function makeCode(mutations: readonly Mutation[] = []): Promise<Code> {
  const of = (folder: string) => mutations.filter(({ file }) => file.startsWith(`${folder}/`));
  const client = await createRuntime(readProgram({ ...clientProgram, mutations: of("extension") }));
  const server = await createRuntime(readProgram({ ...serverProgram, mutations: of("worker-api") }));
  const random = createRandom("template");
  setAmbient({ loop: createLoop(random, 1), random, now: () => beginning });
  const template = await makeTemplate(server, beginning);
  setAmbient(null);
  return { client, server, template };
}
