// Property tests: no JSON, no path and no mutated event ever makes a 5xx, a stack, or a half-stored batch.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Decision, PushResponse } from "../../shared/decisions.ts";
import { openApiDocument } from "../../worker-api/docs.ts";
import { writtenOf } from "../../worker-api/events.ts";
import { decision } from "./decisions.ts";
import { openLab } from "./lab.ts";

const stack = /\n\s+at |node_modules|\.ts:\d/;

test("arbitrary JSON to every route with a body: never a 5xx or a stack", async () => {
  const { app, call, admin } = await openLab({
    limits: { perKey: { burst: 1e6, perSecond: 1e6 }, pairing: { burst: 1e6, perSecond: 1e6 } },
  });
  const paths = Object.entries(openApiDocument(app).paths ?? {}).flatMap(([path, operations]) => ("post" in operations ? [path] : []));
  expect(paths.length).toBeGreaterThan(3);
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ events: fc.array(fc.jsonValue(), { maxLength: 5 }) }).map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), body, async (path, text) => {
      const answer = await call(path, { key: admin.key, body: text });
      expect(answer.status).toBeLessThan(500);
      expect(await answer.text()).not.toMatch(stack);
    }),
    { numRuns: 300 },
  );
});

test("arbitrary addresses, queries and headers: never a 5xx or a stack", async () => {
  const { call, admin } = await openLab({ limits: { perKey: { burst: 1e6, perSecond: 1e6 } } });
  const part = fc.oneof(fc.webPath(), fc.constantFrom("/v1/events", "/v1/tickets/", "/v1/export", "/v1/keys/", "/docs/"));
  await fc.assert(
    fc.asyncProperty(part, fc.webQueryParameters(), fc.stringMatching(/^[\x21-\x7e]{0,60}$/), async (path, query, header) => {
      const at = `${path.startsWith("/") ? path : `/${path}`}?${query}`;
      for (const key of [admin.key, header]) {
        const answer = await call(at, { key, headers: { "x-request-id": header, accept: header, origin: header } });
        expect(answer.status).toBeLessThan(500);
        expect(await answer.text()).not.toMatch(stack);
      }
    }),
    { numRuns: 300 },
  );
});

/** A good decision with one place, at any depth, replaced by any JSON. */
const mutated = fc.tuple(fc.nat(), fc.jsonValue()).map(([at, value]) => {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  const event = decision();
  visit(event);
  const [node, key] = places[at % places.length] ?? [{}, ""];
  node[key] = value;
  return event;
});

test("a mutated event is stored exactly when the contract takes it, whatever stands beside it in the batch", async () => {
  const { push, pull, analyst } = await openLab({ limits: { perKey: { burst: 1e6, perSecond: 1e6 } } });
  let behind = "";
  await fc.assert(
    fc.asyncProperty(fc.array(mutated, { minLength: 1, maxLength: 8 }), async (events) => {
      const sent = JSON.parse(JSON.stringify(events)) as unknown[];
      const { results } = PushResponse.parse(await push(analyst.key, ...sent));
      expect(results.map(({ status }) => status)).toEqual(sent.map((event) => (Decision.safeParse(event).success ? "stored" : "rejected")));
      const page = await pull(analyst.key, behind);
      behind = `?after=${page.next}`;
      expect(page.events.map(({ seq }) => seq)).toEqual(results.flatMap((one) => (one.status === "rejected" ? [] : [one.seq])));
    }),
    { numRuns: 120 },
  );
});

test("any text survives the way to export and back unharmed, also surrogates, control characters and markup", async () => {
  const { call, push, pull, analyst, service } = await openLab({ limits: { perKey: { burst: 1e6, perSecond: 1e6 } } });
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("\ud800", "\u0000", "</script>", '"}],"x":[{"', "\u2028"),
  );
  let behind = "";
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 6 }),
      text.filter((key) => key.length > 0 && key.length <= 100),
      async (texts, key) => {
        const sent = decision({
          key,
          final: { threatType: "phishing", severity: "high", spans: [] },
          blocks: texts.map((one) => ({ role: "comment", text: one })),
        });
        expect((await push(analyst.key, sent)).results).toMatchObject([{ status: "stored" }]);
        expect((await push(analyst.key, sent)).results).toMatchObject([{ status: "duplicate" }]);
        const lines = (await (await call(`/v1/export${behind}`, { key: service.key })).text())
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line));
        behind = `?after=${lines.at(-1).next}`;
        expect(lines[0].decision).toEqual(sent);
        expect(JSON.stringify((await pull(analyst.key, "?limit=500")).events)).not.toMatch(/"text":"/);
      },
    ),
    { numRuns: 80 },
  );
});

test("what is hashed is the decision as JSON, and the two columns are its parts, whatever its texts are", () => {
  const text = fc.string({ unit: "binary" });
  const block = fc.record({ role: fc.constantFrom("title" as const, "description" as const, "comment" as const), text });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 4 }), text, (blocks, modelVersion) => {
      const sent = decision({ blocks, suggestion: { ...decision().suggestion, modelVersion } });
      const { payload, view, texts } = writtenOf(sent);
      expect(payload).toBe(JSON.stringify(sent));
      expect(view).toBe(JSON.stringify({ ...sent, blocks: blocks.map(({ role }) => ({ role })) }));
      expect(texts).toBe(JSON.stringify(blocks.map((one) => one.text)));
    }),
  );
});
