// Brings what a fresh machine lacks: a current Node, the npm packages, Chromium, the trainer's Python. Plain JavaScript for any Node >= 18.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const wantedNode = [22, 12];
const nodePackage = "node@22";

function say(text) {
  console.error(`[setup] ${text}`);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], ...options });
  if (result.error) throw new Error(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${[command, ...args].join(" ")} ended with code ${result.status}; its output is above`);
}

function hashOf(...files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function stampIs(stamp, value) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === value;
}

/** Path of a Node >= 22.12: the running one, or the npm package `node` in .cache/node (installed when needed). */
export function ensureNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > wantedNode[0] || (major === wantedNode[0] && minor >= wantedNode[1])) return process.execPath;
  const folder = join(root, ".cache", "node");
  const binary = join(folder, "node_modules", ".bin", "node");
  if (!existsSync(binary)) {
    say(`Node ${process.versions.node} is older than ${wantedNode.join(".")}: fetching the npm package ${nodePackage} (about 10 s)`);
    mkdirSync(folder, { recursive: true });
    // The package links its binary in an install script, which recent npm versions ask to be allowed by name.
    writeFileSync(join(folder, "package.json"), '{ "private": true, "allowScripts": { "node": true } }\n');
    run("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder, nodePackage]);
  }
  return binary;
}

/** Environment in which `node`, `npx` and local commands are the right ones. */
export function environment(node) {
  const path = [join(node, ".."), join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path };
}

/** npm packages exactly as in package-lock.json; install scripts stay off because some of them download from elsewhere. */
export function ensurePackages(node) {
  const stamp = join(root, "node_modules", ".sectag-lock");
  const lock = hashOf("package-lock.json");
  if (stampIs(stamp, lock)) return;
  say("installing npm packages (about 30 s)");
  // Not `npm ci`: it refuses a lock file without the formatter's binaries for other systems, which not every registry mirror has.
  run("npm", ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"], { env: environment(node) });
  writeFileSync(stamp, lock);
}

const chromiumPlaces = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const firefoxPlaces = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];

/** Path of a Chromium or Chrome; installed by apt where we are root on Debian, otherwise named exactly. */
export const ensureChromium = () =>
  ensureBrowser(chromiumPlaces, {
    ...{ title: "Chromium", orAlso: "Chromium or Chrome", minimum: "137", variable: "CHROMIUM" },
    packages: ["chromium", "fonts-liberation", "fonts-noto-color-emoji"],
  });

/** Path of a Firefox, in the same way. */
export const ensureFirefox = () =>
  ensureBrowser(firefoxPlaces, {
    ...{ title: "Firefox", orAlso: "Firefox", minimum: "140", variable: "FIREFOX" },
    packages: ["firefox-esr"],
  });

function ensureBrowser(places, { title, orAlso, minimum, variable, packages }) {
  const find = () => places.find((place) => place && existsSync(place));
  const found = find();
  if (found) return found;
  const apt = existsSync("/usr/bin/apt-get");
  if (apt && process.getuid?.() === 0) {
    say(`installing ${title} by apt (about 60 s)`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    run("apt-get", ["update", "-q"], { env });
    run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], { env });
    const installed = find();
    if (installed) return installed;
  }
  throw new Error(
    `No ${orAlso} was found. ${apt ? `Run \`sudo apt-get install ${packages[0]}\`` : `Install ${orAlso} (${minimum} or newer)`}, or set ${variable} to its path, and start again.`,
  );
}

/** Path of the trainer's Python (>= 3.11) in .venv with the packages of requirements.lock. */
export function ensurePython() {
  const python = join(root, ".venv", "bin", "python");
  const stamp = join(root, ".venv", ".sectag-lock");
  const lock = hashOf("requirements.lock");
  if (stampIs(stamp, lock)) return python;
  const base = findPython("The trainer");
  say("making the trainer's Python environment in .venv (3 to 8 minutes, once)");
  // An interrupted attempt leaves a Python without pip behind: begin anew then.
  if (spawnSync(python, ["-m", "pip", "--version"], { stdio: "ignore" }).status !== 0) run(base, ["-m", "venv", "--clear", ".venv"]);
  // --use-pep517: older pips build source packages (seqeval) the old way, whose own downloads fail.
  run(python, ["-m", "pip", "install", "-qq", "--use-pep517", "--disable-pip-version-check", "-r", "requirements.lock"]);
  writeFileSync(stamp, lock);
  return python;
}

const airflowVersion = "3.3.2";

/** Folder of Airflow's programs, in an environment of its own: its pins stay out of the trainer's. Only the proof by Airflow needs it. */
export function ensureAirflow() {
  const folder = join(root, ".cache", "airflow");
  const stamp = join(folder, ".sectag-version");
  const programs = join(folder, "bin");
  if (stampIs(stamp, airflowVersion)) return programs;
  const base = findPython("Airflow");
  say("making Airflow's Python environment in .cache/airflow (2 to 4 minutes, once)");
  run(base, ["-m", "venv", "--clear", folder]);
  run(join(programs, "python"), ["-m", "pip", "install", "-qq", "--disable-pip-version-check", `apache-airflow==${airflowVersion}`]);
  writeFileSync(stamp, airflowVersion);
  return programs;
}

function findPython(who) {
  const found = ["python3.11", "python3.12", "python3.13", "python3"].find(isPython311);
  if (!found)
    throw new Error(`${who} needs Python 3.11 or newer with venv: \`sudo apt-get install python3 python3-venv\`, then start again.`);
  return found;
}

function isPython311(command) {
  try {
    const text = execFileSync(command, ["-c", "import sys, venv, ensurepip; print(sys.version_info >= (3, 11))"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.toString().trim() === "True";
  } catch {
    return false; // Not installed, or too old to know: the next candidate is asked.
  }
}
