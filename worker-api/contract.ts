// What the routes' descriptions have in common: how a JSON body, a problem and the need of a key are declared.
import { z } from "@hono/zod-openapi";
import { Decision, Problem, StoredEvent, TicketLabel } from "../shared/decisions.ts";

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** A name that a person gives. libSQL ends a text at U+0000, so that control characters are no part of one. */
export const Name = z
  .string()
  .min(1)
  .max(120)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  .regex(/^[^\u0000-\u001f\u007f-\u009f]+$/, "a name has no control characters");

/** Shapes that the description names once and refers to. */
export const named = {
  decision: Decision.meta({ id: "Decision" }),
  storedEvent: StoredEvent.meta({ id: "StoredEvent" }),
  ticketLabel: TicketLabel.meta({ id: "TicketLabel" }),
};

const content = { "application/problem+json": { schema: Problem.meta({ id: "Problem" }) } };
/** `content` as optional tells hono's types that a handler may answer with a `Response` of its own making. */
type Described = { description: string; content?: typeof content };

/** Responses of these statuses, each a problem; what any route may answer is added. */
export function problemsOf(...statuses: number[]): { 500: Described } {
  const described: Described = { description: "A problem: `detail` says what to do", content };
  return { ...Object.fromEntries([...statuses, 503].map((status) => [status, described])), 500: described };
}

/** Milliseconds since 1970 as the contract writes times. */
export const time = (ms: number) => new Date(ms).toISOString();

/** The route needs a key. */
export const secured = { security: [{ key: [] }] };
