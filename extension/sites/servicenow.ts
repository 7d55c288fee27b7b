// What ServiceNow's three views share: the tables that are tickets, their numbers, which entries the caller may see, and fields.
import type { PlacedBlock } from "./site.ts";

/** A record is the same ticket in each view. (The name is that of the first view that was read; it stands in stored reviews.) */
export const system = "servicenow-classic";

/** Tables that hold tickets; other records (a user, say) are not read. */
const tables = [
  "incident",
  "sn_si_incident",
  "sc_request",
  "sc_req_item",
  "sc_task",
  "problem",
  "change_request",
  "task",
  "sn_customerservice_case",
  "sn_vul_vulnerable_item",
];

export const isTicketTable = (table: string | null | undefined): table is string => tables.includes(table ?? "");

/** What an entry says of its kind, in the languages that ServiceNow is mostly used in: "Additional comments" are what the caller sees. */
const publicKind = /comment|kommentar|comentario|comentário|commenti|opmerking|コメント/i;

const internalKind = /work ?note|arbeitsnoti|notes? de travail|notas? de traba|anotaç|note di lavoro|werknoti|作業メモ/i;

/**
 * True for work notes, and for every entry that does not say that its kind is one the caller sees: what is not known stays here.
 * @param head what stands above the entry; a name may stand there too, so the word for work notes counts more.
 */
export const isInternal = (head: string) => internalKind.test(head) || !publicKind.test(head);

/** INC0010021, RITM0000123, SIR0000001. */
export function numberIn(text: string): string | null {
  return /\b[A-Z]{2,10}\d{5,}\b/.exec(text)?.[0] ?? null;
}

export function wordsOf(element: Element | null | undefined): string {
  if (!element) return "";
  return "value" in element && typeof element.value === "string" ? element.value.trim() : (element.textContent ?? "").trim();
}

/** A field as a block: the value of a control, or text where the field cannot be edited. */
export function fieldBlock(role: "title" | "description", element: Element): PlacedBlock {
  const isControl = element.matches("input, textarea");
  // A field that is shown as text stands there with its label.
  return {
    id: role,
    role,
    element,
    kind: isControl ? "value" : "text",
    restricted: false,
    ...(isControl ? {} : { skip: "label, legend" }),
  };
}
