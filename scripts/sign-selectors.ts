// Makes, signs and publishes a selector pack: `npm run selectors -- FILE --sign-with KEY`, FILE being `{"jira-cloud": {"comments": ["..."]}}`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { JSDOM } from "jsdom";
import { z } from "zod";
import { packProblem } from "../extension/sites/packed.ts";
import type { SiteAdapter } from "../extension/sites/site.ts";
import { Problem } from "../shared/decisions.ts";
import { PackSites } from "../shared/selector-lists.ts";
import { PackEnvelope, packPayloadType, SelectorPack } from "../shared/selector-pack.ts";
import { keyOfPem, signEnvelope } from "./sign-release.ts";

const root = join(import.meta.dirname, "..");
const adapters = join(root, "extension", "sites");
const day = 86_400_000;

/** The lists in the file, whose names some adapter has and whose selectors are selectors. @throws Error that says what is wrong. */
export async function readSites(file: string): Promise<PackSites> {
  const parsed = PackSites.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const names = readdirSync(adapters).filter((name) => name.endsWith(".site.ts"));
  const sites = await Promise.all(names.map(async (name) => ((await import(join(adapters, name))) as { site: SiteAdapter }).site));
  const problem = packProblem(parsed.data, sites, new JSDOM().window.document);
  if (problem) throw new Error(`${file}: ${problem.detail}`);
  return parsed.data;
}

interface Making {
  counter: number;
  days: number;
  minApp: string;
  now: number;
}

export function makePack(sites: PackSites, { counter, days, minApp, now }: Making): SelectorPack {
  const [created, expires] = [now, now + days * day].map((time) => new Date(time).toISOString());
  return SelectorPack.parse({ spec: 1, counter, created, expires, minApp, sites });
}

interface Server {
  api: string;
  /** An API key of scope `publish`. */
  key: string;
}

/** The counter that the server gives out now; 0: none. */
async function counterOf({ api, key }: Server): Promise<number> {
  const response = await fetch(`${api}/v1/selectors/stable`, { headers: { authorization: `Bearer ${key}` } });
  if (response.status === 404) return 0;
  const { payload } = PackEnvelope.parse(await answerOf(response));
  // Nothing is believed of it but that the next one must be higher.
  return SelectorPack.parse(JSON.parse(Buffer.from(payload, "base64").toString())).counter;
}

async function publish({ api, key }: Server, envelope: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  await answerOf(await fetch(`${api}/v1/selectors/stable`, { method: "PUT", headers, body: envelope }));
}

async function answerOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  if (response.ok) return body;
  throw new Error(`The server answered ${response.status}: ${Problem.safeParse(body).data?.detail ?? "no reason"}`);
}

/** @returns what is printed: the envelope, when nobody else gets it. @throws Error that says what is wrong. */
export async function signSelectors(args: string[], env: NodeJS.ProcessEnv, say: (sentence: string) => void): Promise<string> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      /** File of the private key; again for a second one. Else SECTAG_SIGNING_KEY. */
      "sign-with": { type: "string", multiple: true },
      /** Without it one above what the server has. */
      counter: { type: "string" },
      days: { type: "string", default: "30" },
      "min-app": { type: "string" },
      api: { type: "string" },
      /** File of the API key. Else SECTAG_KEY. */
      "key-file": { type: "string" },
      /** Where the envelope is written to. */
      out: { type: "string" },
    },
  });
  const [file] = positionals;
  const keyFiles = values["sign-with"] ?? (env.SECTAG_SIGNING_KEY ? [env.SECTAG_SIGNING_KEY] : []);
  if (!file || positionals.length > 1) throw new Error("Name one file with the lists of selectors.");
  if (keyFiles.length === 0) throw new Error("Name the signing key: --sign-with FILE, or SECTAG_SIGNING_KEY.");
  const key = values["key-file"] ? readFileSync(values["key-file"], "utf8").trim() : env.SECTAG_KEY;
  if (values.api && !key) throw new Error("Name the API key: --key-file FILE, or SECTAG_KEY.");
  const server = values.api && key ? { api: values.api.replace(/\/$/, ""), key } : null;
  if (!server && !values.counter) throw new Error("Name the server (--api) or the pack's number (--counter).");
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

  const sites = await readSites(file);
  const keys = await Promise.all(keyFiles.map((name) => keyOfPem(readFileSync(name, "utf8"))));
  const counter = values.counter ? Number(values.counter) : server ? (await counterOf(server)) + 1 : 1;
  const pack = makePack(sites, { counter, days: Number(values.days), minApp: values["min-app"] ?? version, now: Date.now() });
  const envelope = signEnvelope(packPayloadType, pack, keys);
  if (values.out) writeFileSync(values.out, envelope);
  if (server) await publish(server, envelope);
  say(`Selector pack ${counter} for ${Object.keys(sites).join(", ") || "no site"}, valid until ${pack.expires}.`);
  return server || values.out ? "" : `${envelope}\n`;
}

if (import.meta.main ?? process.argv[1] === new URL(import.meta.url).pathname)
  await signSelectors(process.argv.slice(2), process.env, console.error)
    .then((printed) => process.stdout.write(printed))
    .catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    });
