// The shape of a practice ticket: what the pages get (`PageTicket`) and what only tests know (`DeskTicket`).
import { z } from "zod";
import { Severity, ThreatType } from "../../shared/contract.ts";

export const TicketComment = z.strictObject({
  /** Stable within the desk; the number in `comment-base-item-N`. */
  id: z.int().positive(),
  author: z.string().min(1),
  /** Local time, `YYYY-MM-DD HH:MM`. */
  at: z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$/),
  /** "work note" is ServiceNow's internal entry; Jira shows it as an internal comment. */
  kind: z.enum(["comment", "work note"]),
  text: z.string().min(1),
});

/** A ticket as a page may know it: no answers in it. */
export const PageTicket = z.strictObject({
  key: z.string().regex(/^([A-Z][A-Z0-9]+-\d+|INC\d{7})$/),
  /** 32 hex characters, made from the key. */
  sysId: z.string().regex(/^[0-9a-f]{32}$/),
  system: z.enum(["jira", "servicenow"]),
  title: z.string().min(1),
  /** Jira: the small markup of markup.ts. ServiceNow: plain text, shown as it is. */
  description: z.string(),
  comments: z.array(TicketComment),
  fields: z.strictObject({
    type: z.string(),
    status: z.string(),
    priority: z.string(),
    reporter: z.string(),
    assignee: z.string(),
    created: z.string(),
    parent: z.strictObject({ key: z.string(), title: z.string() }).nullable(),
  }),
});

/** A ticket with its answers; `highlights` are exact strings of the shown text that rules must find, defanged ones included. */
export const DeskTicket = PageTicket.extend({
  expect: z.strictObject({ threatType: ThreatType, severity: Severity }),
  alternatives: z.array(ThreatType),
  language: z.string().regex(/^[a-z]{2}$/),
  highlights: z.array(z.string().min(1)),
  /** File name inside tests/fixtures/tickets. */
  file: z.string(),
});

export type TicketComment = z.infer<typeof TicketComment>;
export type PageTicket = z.infer<typeof PageTicket>;
export type DeskTicket = z.infer<typeof DeskTicket>;
