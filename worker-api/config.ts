// The server's configuration: from the environment, parsed once; what is wrong is said in one sentence.
import { z } from "zod";
import { extensionOrigin } from "../shared/extension-id.ts";
import type { Bucket } from "./model-bucket.ts";

const listed = (text: string) =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);

const Environment = z.object({
  /** Address to listen on. Another than this machine's own wants a proxy with TLS in front. */
  SECTAG_HOST: z.string().min(1).default("127.0.0.1"),
  /** 0: any free one. */
  SECTAG_PORT: z.coerce.number().int().min(0).max(65535).default(8787),
  /** Path of the embedded database's file, or the URL of a remote libSQL. */
  SECTAG_DATABASE: z.string().min(1).default(".data/sectag.db"),
  SECTAG_DATABASE_TOKEN: z.string().min(1).optional(),
  /** Origins of browser code that may call, separated by commas. */
  SECTAG_ORIGINS: z
    .string()
    .default(extensionOrigin)
    .transform(listed)
    .pipe(z.array(z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/[^/*\s]+$/, "an origin is SCHEME://HOST[:PORT], without a path and without *"))),
  /** Folder of the models' files, or URL of a bucket that speaks S3; without it `models` beside the database's file. */
  SECTAG_MODEL_FILES: z.string().min(1).optional(),
  SECTAG_MODEL_FILES_KEY: z.string().min(1).optional(),
  SECTAG_MODEL_FILES_SECRET: z.string().min(1).optional(),
  SECTAG_MODEL_FILES_REGION: z.string().min(1).default("auto"),
  /** Public keys whose releases are believed, separated by commas. */
  SECTAG_RELEASE_KEYS: z
    .string()
    .default("")
    .transform(listed)
    .pipe(z.array(z.string().regex(/^[0-9a-f]{64}$/, "a key is 64 hexadecimal digits, as `python -m trainer keys` prints it"))),
  /** From which level on the log is written. */
  SECTAG_LOG: z.enum(["info", "warn", "error"]).default("info"),
});

export interface Config {
  host: string;
  port: number;
  database: { url: string; authToken: string | undefined };
  /** Path of the database's file; null when it is remote. */
  file: string | null;
  origins: string[];
  logLevel: "info" | "warn" | "error";
  /** Where the models' files are; null: nowhere. */
  modelFiles: { folder: string } | { bucket: Bucket } | null;
  releaseKeys: string[];
}

/** @throws Error with one sentence when a variable is wrong. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path[0]?.toString()} is wrong: ${issue?.message}`);
  }
  const { SECTAG_DATABASE: database, ...rest } = parsed.data;
  const remote = /^(libsql|https?):\/\//.test(database);
  return {
    host: rest.SECTAG_HOST,
    port: rest.SECTAG_PORT,
    database: { url: remote ? database : `file:${database}`, authToken: rest.SECTAG_DATABASE_TOKEN },
    file: remote ? null : database,
    origins: rest.SECTAG_ORIGINS,
    logLevel: rest.SECTAG_LOG,
    modelFiles: modelFilesOf(rest, remote ? null : database),
    releaseKeys: rest.SECTAG_RELEASE_KEYS,
  };
}

function modelFilesOf(rest: Omit<z.infer<typeof Environment>, "SECTAG_DATABASE">, database: string | null): Config["modelFiles"] {
  const { SECTAG_MODEL_FILES: place, SECTAG_MODEL_FILES_KEY: keyId, SECTAG_MODEL_FILES_SECRET: secret } = rest;
  if (!place) return database === null ? null : { folder: `${database.replace(/[^/\\]*$/, "")}models` };
  if (!/^https?:\/\//.test(place)) return { folder: place };
  if (!keyId || !secret) throw new Error("A bucket needs SECTAG_MODEL_FILES_KEY and SECTAG_MODEL_FILES_SECRET");
  return { bucket: { url: place, keyId, secret, region: rest.SECTAG_MODEL_FILES_REGION } };
}

/** The address under which this machine reaches the server. */
export const originOf = ({ host, port }: Pick<Config, "host" | "port">) => `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
