// Faults put into the code on purpose: the simulator must find each of them, or its silence about the real code says nothing.
import type { Mutation } from "./instrument.ts";

export interface Mutant {
  name: string;
  mutation: Mutation;
}

export const mutants: readonly Mutant[] = [
  {
    name: "rows leave the outbox before the server has answered",
    mutation: {
      file: "extension/store/sync.ts",
      from: "const answer = await api.push(body);",
      to: "await db.outbox.bulkDelete(rows.flatMap(({ n }) => n ?? [])); const answer = await api.push(body);",
    },
  },
  {
    name: "what the server refused counts as stored",
    mutation: { file: "extension/store/sync.ts", from: 'if (result.status === "rejected") {', to: "if (false) {" },
  },
  {
    name: "review and outbox row are written one after the other",
    mutation: {
      file: "extension/store/reviews.ts",
      from: 'await db.transaction("rw", [db.reviews, db.outbox], async () => {',
      to: "await (async () => {",
    },
  },
  {
    name: "saved is said before the commit",
    mutation: {
      file: "extension/store/reviews.ts",
      from: "await saveOrFree(parsed.data);",
      to: "void saveOrFree(parsed.data).catch(() => {});",
    },
  },
  {
    name: "a restored server is not noticed",
    mutation: {
      file: "extension/store/apply-page.ts",
      from: "if (known === epoch) return false;",
      to: "if (known !== undefined) return false;",
    },
  },
  {
    name: "a push that comes twice is not put up with by the server",
    mutation: { file: "worker-api/insert-events.ts", from: " ON CONFLICT (id) DO NOTHING", to: "" },
  },
];
