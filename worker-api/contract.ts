// What the routes' descriptions have in common: how a JSON body and a problem are declared.
import type { z } from "@hono/zod-openapi";
import { Problem } from "../shared/decisions.ts";

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

const problemContent = { "application/problem+json": { schema: Problem } };

/** Responses of these statuses, each a problem. */
export const problemsOf = (...statuses: number[]) =>
  Object.fromEntries(statuses.map((status) => [status, { description: "A problem: `detail` says what to do", content: problemContent }]));
