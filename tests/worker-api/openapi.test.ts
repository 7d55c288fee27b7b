// The OpenAPI document is generated, whole and true: each route is in it, references lead somewhere, and errors are problems.
import { expect, test } from "vitest";
import { z } from "zod";
import { openLab } from "./lab.ts";

const Media = z.record(z.string(), z.looseObject({ schema: z.looseObject({}) }));
const Operation = z.looseObject({
  summary: z.string().min(5),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(["query", "path"]), schema: z.looseObject({}) })).optional(),
  requestBody: z.looseObject({ required: z.literal(true), content: Media }).optional(),
  responses: z.record(z.string().regex(/^[2-5]\d\d$/), z.looseObject({ description: z.string().min(3), content: Media.optional() })),
});
const Document = z.looseObject({
  openapi: z.literal("3.1.0"),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string().startsWith("/"), z.record(z.enum(["get", "post", "delete"]).or(z.string()), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});

/** Every object in the document with its place. */
function* nodesOf(node: unknown, path = "#"): Generator<[string, Record<string, unknown>]> {
  if (typeof node !== "object" || node === null) return;
  yield [path, node as Record<string, unknown>];
  for (const [key, child] of Object.entries(node)) yield* nodesOf(child, `${path}/${key}`);
}

test("the document is OpenAPI 3.1 without loose ends", async () => {
  const { read } = await openLab();
  const document = await read(Document, "/openapi.json");
  const names = Object.keys(document.components.schemas);
  expect(names.sort()).toEqual(["Decision", "Problem", "StoredEvent", "TicketLabel"]);
  let references = 0;
  for (const [path, node] of nodesOf(document)) {
    if (typeof node.$ref === "string") {
      references++;
      expect(
        names.map((name) => `#/components/schemas/${name}`),
        path,
      ).toContain(node.$ref);
    }
    // The generator writes a flag of a JavaScript pattern into the pattern: then it means something else.
    if (typeof node.pattern === "string") expect(() => new RegExp(String(node.pattern), "u"), path).not.toThrow();
    if (typeof node.pattern === "string") expect(node.pattern, path).not.toMatch(/\/[a-z]*$/);
  }
  expect(references).toBeGreaterThan(50);
});

test("each route of the API is in it, and each error of each route is a problem", async () => {
  const { app, read } = await openLab();
  const { paths } = await read(Document, "/openapi.json");
  const undocumented = new Set(["/openapi.json", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/pair"]);
  const routes = app.routes.filter(({ method, path }) => method !== "ALL" && !path.includes("*") && !undocumented.has(path));
  const served = new Set(routes.map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`));
  const described = Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`));
  expect(described.sort()).toEqual([...served].sort());
  for (const [path, operations] of Object.entries(paths))
    for (const [method, { responses }] of Object.entries(operations)) {
      const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      for (const [status, { content }] of errors)
        expect(Object.keys(content ?? {}), `${method} ${path} ${status}`).toEqual(["application/problem+json"]);
      if (path.startsWith("/v1/"))
        expect(
          errors.map(([status]) => status),
          path,
        ).toContain("429");
    }
});
