// Push and pull of decisions: stored once, in the server's order, answered one by one after the commit.
import { createRoute, z } from "@hono/zod-openapi";
import { and, eq, gt, inArray, max, or, type SQL, sql } from "drizzle-orm";
import { Decision, DecisionId, EventPage, limits, type Problem, PushRequest, PushResponse, type PushResult } from "../shared/decisions.ts";
import type { Api, Parts } from "./app.ts";
import { type Principal, scoped, seesAll } from "./auth.ts";
import { json, named, problemsOf, secured } from "./contract.ts";
import type { Digest } from "./credentials.ts";
import { historyOf, historyQuery, readCursor, writeCursor } from "./cursor.ts";
import { insertEvents, type NewEvent } from "./insert-events.ts";
import { errorsOf, problem } from "./problem.ts";
import { events } from "./schema.ts";

const described = createRoute({
  method: "post",
  path: "/v1/events",
  summary: "Stores decisions; each is judged on its own, and a bad one is said in its result",
  ...secured,
  middleware: scoped("review", "lead"),
  request: {
    body: { ...json(z.strictObject({ events: z.array(named.decision).min(1).max(limits.batch) }), "Up to 100 decisions"), required: true },
  },
  responses: {
    200: json(PushResponse, "One result a decision, in their order"),
    ...problemsOf(400, 401, 403, 408, 413, 415, 429, 507),
  },
});
/** What is checked before the events are judged one by one. */
const push = { ...described, hide: true, request: { body: { ...json(PushRequest, ""), required: true as const } } };

const pull = createRoute({
  method: "get",
  path: "/v1/events",
  summary: "Reads the history on from a cursor",
  ...secured,
  middleware: scoped("review", "lead"),
  request: {
    query: z.object({
      after: z.string().max(400).optional(),
      limit: z.coerce.number().int().min(1).max(limits.page).default(limits.page),
    }),
  },
  responses: {
    200: json(EventPage.extend({ events: z.array(named.storedEvent).max(limits.page) }), "Events behind the cursor, in the server's order"),
    ...problemsOf(400, 401, 403, 410, 429),
  },
});

const utf8 = new TextEncoder();
const PAGE_BYTES = 4_000_000;

export function addEvents(app: Api, parts: Parts): void {
  const { db, now, log, metrics, turn } = parts;

  app.openAPIRegistry.registerPath(described);
  app.openapi(push, async (context) => {
    const { principal } = context.var;
    const { events: sent } = context.req.valid("json");
    await turn();
    const judged = await Promise.all(sent.map((event) => judge(event, parts)));
    const rows = judged.flatMap((one) => (one.status === "good" ? [one.row] : []));
    const { epoch, known } = await insertEvents(db, { rows, writer: principal, now: now() });
    const results = judged.map((one): PushResult => {
      if (one.status === "rejected") return one;
      const { id, payloadHash } = one.row;
      const stored = known.get(id);
      if (stored?.mine && stored.payloadHash === payloadHash) {
        const status = stored.fresh ? "stored" : "duplicate";
        if (stored.fresh) metrics.reviewed(one.decision);
        // The same event twice in one batch: the second is a duplicate.
        stored.fresh = false;
        return { status, id, seq: stored.seq };
      }
      log({ level: "warn", event: "security", code: "id-taken", keyId: principal.keyId, decisionId: id });
      return {
        status: "rejected",
        id,
        problem: problem("id-taken", "Another event has this id. Keep this one aside; a new decision needs a new id."),
      };
    });
    for (const { status } of results) metrics.pushed(status);
    return context.json({ epoch, results }, 200);
  });

  app.openapi(pull, async (context) => {
    const { principal } = context.var;
    const { after, limit } = context.req.valid("query");
    const reader = { reader: `${principal.org.id}/${principal.user.id}`, sees: seesAll(principal) ? ("all" as const) : ("own" as const) };
    const history = historyOf(await historyQuery(db));
    const behind = after === undefined ? 0 : await readCursor(after, reader, history);
    const seen = and(eq(events.orgId, principal.org.id), gt(events.seq, behind), visibleTo(principal));
    const [highest, [visible], [page]] = await db.batch([
      db
        .select({ seq: max(events.seq) })
        .from(events)
        .where(eq(events.orgId, principal.org.id)),
      db
        .select({ seq: max(events.seq) })
        .from(events)
        .where(seen),
      db.all(pageQuery(seen, limit)),
    ]);
    const { text, last } = Page.parse(page);
    const more = last !== null && last < (visible?.seq ?? 0);
    // The high-water mark, so that the next pull need not pass again over rows that this reader may not see.
    const seq = more ? last : Math.max(behind, highest[0]?.seq ?? 0);
    const next = await writeCursor({ ...reader, epoch: history.epoch, seq }, history.secret);
    const body = `{"epoch":"${history.epoch}","events":[${text ?? ""}],"next":"${next}","more":${more}}`;
    return context.body(body, 200, { "content-type": "application/json" });
  });
}

type Rejected = Extract<PushResult, { status: "rejected" }>;
type Judged = Rejected | { status: "good"; row: NewEvent; decision: Decision };

/** Judges one event by the contract alone. */
async function judge(event: unknown, { digest }: Parts): Promise<Judged> {
  const parsed = Decision.safeParse(event);
  if (!parsed.success)
    return rejected(event, problem("invalid-event", "Keep it aside: it will never be taken as it is.", { errors: errorsOf(parsed.error) }));
  const written = writtenOf(parsed.data);
  // At most three bytes a UTF-16 unit: few events need to be counted.
  if (written.payload.length * 3 > limits.decisionBytes && utf8.encode(written.payload).byteLength > limits.decisionBytes)
    return rejected(event, problem("too-large", `An event may have at most ${limits.decisionBytes} bytes: cut its texts.`));
  return { status: "good", row: await rowOf(parsed.data, written, digest), decision: parsed.data };
}

/**
 * The decision as `JSON.stringify` writes it (`blocks` last, as in the contract's schema), and the two columns that are made of it.
 * Texts are most of a decision: each is written once for both.
 */
export function writtenOf({ blocks, ...rest }: Decision) {
  const head = `${JSON.stringify(rest).slice(0, -1)},"blocks":[`;
  const roles = blocks.map(({ role }) => `{"role":"${role}"`);
  const texts = blocks.map(({ text }) => JSON.stringify(text));
  const whole = roles.map((role, index) => `${role},"text":${texts[index]}}`);
  return {
    payload: `${head}${whole.join(",")}]}`,
    view: `${head}${roles.map((role) => `${role}}`).join(",")}]}`,
    texts: `[${texts.join(",")}]`,
  };
}

export async function rowOf(decision: Decision, { payload, view, texts }: ReturnType<typeof writtenOf>, digest: Digest): Promise<NewEvent> {
  const { id, ticket, verdict, supersedes, suggestion, final } = decision;
  return {
    id,
    ticketId: await digest(`${ticket.system}\n${ticket.key}`),
    payloadHash: await digest(payload),
    verdict,
    supersedes,
    modelVersion: suggestion.modelVersion,
    suggested: suggestion.abstained ? null : tagOf(suggestion),
    final: final && tagOf(final),
    view,
    texts,
  };
}

function rejected(event: unknown, why: Problem): Rejected {
  const id = z.looseObject({ id: DecisionId }).safeParse(event).data?.id ?? null;
  return { status: "rejected", id, problem: why };
}

const tagOf = ({ threatType, severity }: { threatType: string | null; severity: string | null }) =>
  threatType && severity ? `${threatType}_${severity}` : null;

/** What a key may see of its org's history: a lead all, others their own and what leads decided. */
export function visibleTo(principal: Principal): SQL | undefined {
  return seesAll(principal) ? undefined : or(eq(events.userId, principal.user.id), inArray(events.role, ["lead", "admin"]));
}

/** What stands before a row's decision in the contract's `StoredEvent`; the object is left open. Rows of `events` joined with `users`. */
export const eventHead = sql<string>`'{"kind":"' || kind || '","seq":' || seq
  || ',"serverTime":"' || strftime('%Y-%m-%dT%H:%M:%fZ', server_time / 1000.0, 'unixepoch') || '",'
  || iif(kind = 'erased', '"ticketId":"' || ticket_id || '"',
    '"reviewer":' || json_object('id', user_id, 'name', users.name, 'role', events.role))`;

const Page = z.object({ text: z.string().nullable(), last: z.number().nullable() });

/**
 * A page made by SQLite as one text, which spares making an object of each row. The limit shrinks when so many rows are too many bytes.
 * `format` copies a row once; each `||` behind the view would copy it again.
 */
const pageQuery = (seen: SQL | undefined, limit: number) => sql`
  SELECT group_concat(text, ',') AS text, max(seq) AS last FROM (
    SELECT seq, format('%s%s%s}', ${eventHead}, iif(view IS NULL, '', ',"decision":'), view) AS text
    FROM events JOIN users ON users.id = events.user_id WHERE ${seen} ORDER BY seq LIMIT (
      SELECT CAST(max(1, min(${limit}, count(*) * ${PAGE_BYTES} / max(1, coalesce(sum(size), 0)))) AS INTEGER)
      FROM (SELECT octet_length(view) AS size FROM events WHERE ${seen} ORDER BY seq LIMIT ${limit})))`;
