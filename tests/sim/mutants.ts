// Faults put into the code on purpose: the simulator must find each of them, or its silence about the real code says nothing.
import type { Mutation } from "./instrument.ts";

export interface Mutant {
  name: string;
  mutations: readonly Mutation[];
}

const inFile = (file: string, from: string, to: string): Mutation => ({ file, from, to });
const sync = "extension/store/sync.ts";
const reviews = "extension/store/reviews.ts";
const pull = "extension/store/apply-page.ts";

export const mutants: readonly Mutant[] = [
  {
    name: "rows leave the outbox before the server has answered",
    mutations: [
      inFile(
        sync,
        "const answer = await api.push(body);",
        "await db.outbox.bulkDelete(rows.flatMap(({ n }) => n ?? [])); const answer = await api.push(body);",
      ),
    ],
  },
  {
    name: "what the server refused counts as stored",
    mutations: [inFile(sync, 'if (result.status === "rejected") {', "if (false) {")],
  },
  {
    name: "review and outbox row are written one after the other",
    mutations: [
      inFile(reviews, 'await db.transaction("rw", [db.reviews, db.outbox], async () => {', "await (async () => {"),
      inFile(
        reviews,
        "await db.outbox.add({ id: decision.id, bytes, decision });\n    });",
        "await db.outbox.add({ id: decision.id, bytes, decision });\n    })();",
      ),
    ],
  },
  {
    name: "saved is said before the commit",
    mutations: [
      inFile(
        reviews,
        "await saveOrFree(parsed.data, await judgedTexts(intent, parsed.data, policy));",
        "void saveOrFree(parsed.data).catch(() => {});",
      ),
    ],
  },
  {
    name: "unsent decisions have no second copy",
    mutations: [
      inFile("extension/store/mirror.ts", "put: (decision) => area.set({ [prefix + decision.id]: decision }),", "put: async () => {},"),
    ],
  },
  {
    name: "commits are not flushed to the disk",
    mutations: [inFile("extension/store/review-db.ts", 'chromeTransactionDurability: "strict"', 'chromeTransactionDurability: "relaxed"')],
  },
  {
    name: "the cursor is stored before the page that it is behind",
    mutations: [
      inFile(
        pull,
        "const rows = await Promise.all(page.events.map(rowOf));",
        'await db.meta.put({ key: "pull", value: { cursor: page.next, shadowCursor: null } }); const rows = await Promise.all(page.events.map(rowOf));',
      ),
    ],
  },
  {
    name: "a restored server is not noticed",
    mutations: [inFile(pull, "if (known === epoch) return false;", "if (known !== undefined) return false;")],
  },
  {
    name: "failed requests are repeated at once",
    mutations: [
      inFile(sync, "const shortestWaitMs = 800;", "const shortestWaitMs = 0;"),
      inFile(sync, "const firstWaitMs = 2_000;", "const firstWaitMs = 0;"),
    ],
  },
  {
    name: "the clock is read past what is passed in",
    mutations: [inFile(sync, "const wait = before.notBefore - deps.now();", "const wait = before.notBefore - Date.now();")],
  },
  {
    name: "the server acknowledges before it has committed",
    mutations: [
      inFile(
        "worker-api/events.ts",
        "const { epoch, known } = await insertEvents(db, { rows, writer: principal, now: now() });",
        "const known = new Map(rows.map(({ id, payloadHash }, at) => [id, { seq: at + 1, payloadHash, mine: true, fresh: true }])); const { epoch } = historyOf(await historyQuery(db)); setTimeout(() => void insertEvents(db, { rows, writer: principal, now: now() }).catch(() => {}), 300);",
      ),
    ],
  },
  {
    name: "a push that comes twice is not put up with by the server",
    mutations: [inFile("worker-api/insert-events.ts", " ON CONFLICT (id) DO NOTHING", "")],
  },
  {
    name: "the server leaves out a row between two pages",
    mutations: [inFile("worker-api/events.ts", "gt(events.seq, behind)", "gt(events.seq, behind > 0 ? behind + 1 : 0)")],
  },
];
