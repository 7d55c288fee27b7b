// GET /v1/export: the org's whole history with texts, one JSON line an event, streamed page by page in constant memory.
import { createRoute, z } from "@hono/zod-openapi";
import { and, asc, eq, gt, lte, max } from "drizzle-orm";
import { ExportLine } from "../shared/decisions.ts";
import type { Api, Parts } from "./app.ts";
import { scoped } from "./auth.ts";
import { problemsOf, secured } from "./contract.ts";
import { historyOf, historyQuery, readCursor, writeCursor } from "./cursor.ts";
import { eventHead } from "./events.ts";
import { traceOf } from "./observe.ts";
import { databaseCode } from "./patient-client.ts";
import { events, users } from "./schema.ts";

/** Rows in memory at once. */
const PAGE = 100;

const route = createRoute({
  method: "get",
  path: "/v1/export",
  summary: "Streams the history with texts as NDJSON; the last line is `end`: without it, it broke off",
  ...secured,
  middleware: scoped("export"),
  request: { query: z.object({ after: z.string().max(400).optional() }) },
  responses: {
    200: { description: "One `ExportLine` a line", content: { "application/x-ndjson": { schema: ExportLine } } },
    ...problemsOf(400, 401, 403, 410, 429),
  },
});

const { seq, view, texts } = events;
const columns = { seq, head: eventHead, view, texts };

export function addExport(app: Api, { db, log }: Parts): void {
  app.openapi(route, async (context) => {
    const { org } = context.var.principal;
    const { after } = context.req.valid("query");
    const reader = { reader: `${org.id}/export`, sees: "all" as const };
    const history = historyOf(await historyQuery(db));
    let behind = after === undefined ? 0 : await readCursor(after, reader, history);
    // What comes while we stream belongs to the next export.
    const [highest] = await db
      .select({ seq: max(events.seq) })
      .from(events)
      .where(eq(events.orgId, org.id));
    const until = Math.max(behind, highest?.seq ?? 0);
    const nextRows = (after: number) =>
      db
        .select(columns)
        .from(events)
        .innerJoin(users, eq(users.id, events.userId))
        .where(and(eq(events.orgId, org.id), gt(events.seq, after), lte(events.seq, until)))
        .orderBy(asc(events.seq))
        .limit(PAGE);
    const utf8 = new TextEncoder();
    let count = 0;
    const lines = new ReadableStream<Uint8Array>({
      /** Called when the reader has room: a slow reader holds up the reading of rows. */
      async pull(controller) {
        try {
          const rows = await nextRows(behind);
          behind = rows.at(-1)?.seq ?? until;
          count += rows.length;
          if (rows.length > 0) return controller.enqueue(utf8.encode(rows.map(lineOf).join("")));
          const next = await writeCursor({ ...reader, epoch: history.epoch, seq: until }, history.secret);
          const end: ExportLine = { kind: "end", next, count };
          controller.enqueue(utf8.encode(`${JSON.stringify(end)}\n`));
          controller.close();
        } catch (error) {
          log({
            level: "error",
            event: "failed",
            code: "export",
            database: databaseCode(error),
            requestId: context.var.requestId,
            ...traceOf(error),
          });
          // The status has long been sent: all that is left is to break off. The server prints what is thrown here, so that it says nothing.
          controller.error(new Error("The export broke off"));
        }
      },
    });
    return context.body(lines, 200, { "content-type": "application/x-ndjson" });
  });
}

const Texts = z.array(z.string());
const Blocks = z.looseObject({ blocks: z.array(z.looseObject({})) });

/** The event with its texts put back into the decision; empty ones where they were erased. */
function lineOf({ head, view, texts }: { head: string; view: string | null; texts: string | null }): string {
  if (view === null) return `${head}}\n`;
  const decision = Blocks.parse(JSON.parse(view));
  const words = texts === null ? [] : Texts.parse(JSON.parse(texts));
  const blocks = decision.blocks.map((block, index) => ({ ...block, text: words[index] ?? "" }));
  return `${head},"decision":${JSON.stringify({ ...decision, blocks })}}\n`;
}
