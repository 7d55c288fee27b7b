// The API as a Cloudflare Worker on a remote libSQL. Its tables are made beforehand: `npm run api -- migrate` with the same address.
import { drizzle } from "drizzle-orm/libsql/web";
import { type Api, createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { atLevel } from "./observe.ts";
import { remoteClient } from "./remote-client.ts";
import { schema } from "./schema.ts";

/** Variables as in docs/api.md; `ASSETS` serves swagger-ui-dist, without it there is no docs page. */
interface WorkerEnv {
  SECTAG_DATABASE: string;
  SECTAG_DATABASE_TOKEN?: string;
  SECTAG_ORIGINS?: string;
  SECTAG_LOG?: string;
  ASSETS?: { fetch(request: Request): Promise<Response> };
}

let app: Api | undefined;

/** Variables do not change while an isolate lives. */
function appOf(env: WorkerEnv): Api {
  const { ASSETS, ...variables } = env;
  const { database, file, origins, logLevel } = readConfig(variables);
  if (file) throw new Error("SECTAG_DATABASE is wrong: a Worker has no files, give the URL of a remote libSQL");
  return createApp({
    db: drizzle(remoteClient(database), { schema }),
    origins,
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
