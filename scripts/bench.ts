// `npm run bench [-- NAME]`: runs the ratio benchmarks of scripts/bench/, or the named one; each prints one line of JSON with its figures.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "bench");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""));
const [wanted, ...rest] = process.argv.slice(2);
const named = wanted !== undefined && !wanted.startsWith("-");
if (named && !names.includes(wanted)) {
  console.error(`No benchmark "${wanted}". There are: ${names.join(", ")}`);
  process.exit(2);
}
let failed = 0;
for (const name of named ? [wanted] : names) {
  const args = named ? rest : process.argv.slice(2);
  const { status } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(folder, `${name}.ts`), ...args], {
    stdio: "inherit",
  });
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
