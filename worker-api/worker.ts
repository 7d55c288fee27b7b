// The API as a Cloudflare Worker on a remote libSQL. Its tables are made beforehand: `npm run api -- migrate` with the same address.
import { drizzle } from "drizzle-orm/libsql/web";
import { toHex } from "../shared/hex.ts";
import { type Api, createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { modelBucket } from "./model-bucket.ts";
import type { Hash } from "./model-files.ts";
import { atLevel } from "./observe.ts";
import { remoteClient } from "./remote-client.ts";
import { schema } from "./schema.ts";

/** Variables as in docs/api.md; `ASSETS` serves swagger-ui-dist, without it there is no docs page. */
interface WorkerEnv {
  SECTAG_DATABASE: string;
  SECTAG_DATABASE_TOKEN?: string;
  SECTAG_ORIGINS?: string;
  SECTAG_LOG?: string;
  SECTAG_MODEL_FILES?: string;
  SECTAG_MODEL_FILES_KEY?: string;
  SECTAG_MODEL_FILES_SECRET?: string;
  SECTAG_MODEL_FILES_REGION?: string;
  SECTAG_RELEASE_KEYS?: string;
  ASSETS?: { fetch(request: Request): Promise<Response> };
}

/** What Workers have beside the web's own: https://developers.cloudflare.com/workers/runtime-apis/ */
declare class FixedLengthStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(length: number);
}
interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;
}
declare const crypto: Crypto & { DigestStream: new (algorithm: "SHA-256") => DigestStream };

const sized = (bytes: ReadableStream<Uint8Array>, size: number) => bytes.pipeThrough(new FixedLengthStream(size));

function workerHash(): Hash {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  return {
    update: (bytes) => writer.write(bytes),
    async hex() {
      await writer.close();
      return toHex(new Uint8Array(await stream.digest));
    },
  };
}

let app: Api | undefined;

/** Variables do not change while an isolate lives. */
function appOf(env: WorkerEnv): Api {
  const { ASSETS, ...variables } = env;
  const { database, file, origins, logLevel, modelFiles, releaseKeys } = readConfig(variables);
  if (file) throw new Error("SECTAG_DATABASE is wrong: a Worker has no files, give the URL of a remote libSQL");
  if (modelFiles && !("bucket" in modelFiles))
    throw new Error("SECTAG_MODEL_FILES is wrong: a Worker has no files, give the URL of a bucket");
  return createApp({
    db: drizzle(remoteClient(database), { schema }),
    origins,
    ...(modelFiles ? { models: { files: modelBucket(modelFiles.bucket, sized), newHash: workerHash, keys: releaseKeys } } : {}),
    log: atLevel(logLevel, (entry) => console.log(JSON.stringify(entry))),
    addressOf: (context) => context.req.header("cf-connecting-ip") ?? "",
    async files(name) {
      const answer = await ASSETS?.fetch(new Request(`https://assets.invalid/${name}`));
      return answer?.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
    },
  });
}

export default {
  fetch(request: Request, env: WorkerEnv): Response | Promise<Response> {
    app ??= appOf(env);
    return app.fetch(request, env);
  },
};
