// /openapi.json, the page that shows it (Swagger UI from our own files, under a strict policy), and the page behind a pairing link.
import type { Handler, MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Api } from "./app.ts";
import { refuse } from "./problem.ts";

/** Gives a file of the docs page by name; null: there is none. */
export type Files = (name: string) => Promise<Uint8Array<ArrayBuffer> | null>;

/** What the page may load, and nothing else. */
const types: Record<string, string> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
${body}
</html>
`;

const docsPage = page(
  "SecTag API",
  '<link rel="stylesheet" href="docs/swagger-ui.css"><div id="page"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script>',
);
const start = 'SwaggerUIBundle({ url: "/openapi.json", dom_id: "#page", validatorUrl: null, tryItOutEnabled: true });\n';
const pairPage = page(
  "Pair SecTag",
  "<h1>Pair SecTag</h1><p>Copy this page's whole address, open the options of the SecTag extension, and paste it into the field <b>Pairing link</b>.</p><p>The link works once, and not for long.</p>",
);

const policyOfPages: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

export function addDocs(app: Api, { files }: { files: Files }): void {
  let document: string | undefined;
  app.get("/openapi.json", (context) => {
    document ??= JSON.stringify(openApiDocument(app));
    return context.body(document, 200, { "content-type": "application/json" });
  });
  app.get("/docs", policyOfPages, (context) => context.html(docsPage));
  app.get("/docs/start.js", (context) => context.body(start, 200, { "content-type": "text/javascript; charset=utf-8" }));
  for (const [name, type] of Object.entries(types)) app.get(`/docs/${name}`, fileOf(files, name, type));
  app.get("/pair", policyOfPages, (context) => context.html(pairPage));
}

const fileOf =
  (files: Files, name: string, type: string): Handler =>
  async (context) => {
    const bytes = await files(name);
    if (!bytes) return refuse("not-found", "This server has no docs page; /openapi.json describes it.");
    return context.body(bytes, 200, { "content-type": type, "cache-control": "public, max-age=3600" });
  };

export function openApiDocument(app: Api) {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description: "An API key, `stag_...`",
  });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "SecTag API", version: "1", description: "Reviews of security tags: push, pull, labels, export." },
  });
}
