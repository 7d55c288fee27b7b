// `npm run prove -- NAME`: the proofs that take longer than a test may, each a file of scripts/prove/; the last line of each is JSON with its figures.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "prove");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""));
const [wanted = "", ...rest] = process.argv.slice(2);
if (!names.includes(wanted)) {
  console.error(`Say which proof: npm run prove -- NAME. There are: ${names.join(", ")}`);
  process.exit(2);
}
const { status } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(folder, `${wanted}.ts`), ...rest], {
  stdio: "inherit",
});
process.exit(status ?? 1);
