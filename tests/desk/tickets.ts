// Loads the practice tickets of tests/fixtures/tickets and says by file and line what is wrong with one.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { markupText, parseMarkup } from "./markup.ts";
import { DeskTicket, type PageTicket } from "./ticket-shape.ts";

/** Where the tickets are. */
export const ticketDirectory: string = fileURLToPath(new URL("../fixtures/tickets/", import.meta.url));

const REQUIRED = ["key", "system", "title", "expect"] as const;
const OPTIONAL = ["alt", "lang", "type", "status", "priority", "reporter", "assignee", "created", "parent", "highlights"] as const;
const COMMENT = /^--- (comment|work note) \| ([^|]+?) \| (\d{4}-\d{2}-\d{2} \d{2}:\d{2})$/;

/** Tickets of the kind that `npm start`'s retrain teaches; the packaged model is not sure about them. */
export const toLearnDirectory: string = fileURLToPath(new URL("../fixtures/tickets-to-learn/", import.meta.url));

/** A ticket file that cannot be used; the message names file and line and says what was expected. */
export class TicketFileError extends Error {
  override name = "TicketFileError";
}

/** The id that ServiceNow URLs use for a ticket: 32 hex characters, always the same for a key. */
export function sysIdOf(key: string): string {
  return createHash("sha256").update(`practice-desk:${key}`).digest("hex").slice(0, 32);
}

/** All text that a person sees of a ticket's title, description and comments, one string a block. */
export function shownTexts(ticket: Pick<PageTicket, "system" | "title" | "description" | "comments">): string[] {
  const shown = (text: string): string => (ticket.system === "jira" ? markupText(parseMarkup(text)) : text);
  return [ticket.title, shown(ticket.description), ...ticket.comments.map((comment) => shown(comment.text))];
}

/** The part of a ticket that pages may see. */
export function withoutAnswers(ticket: DeskTicket): PageTicket {
  const { expect: _expect, alternatives: _alternatives, language: _language, highlights: _highlights, file: _file, ...page } = ticket;
  return page;
}

/**
 * Reads one ticket file: header lines `name: value` (`highlights:` followed by `  - quote` lines), a line `---`, the description, then
 * comments that each begin with `--- comment | Author | YYYY-MM-DD HH:MM` (or `--- work note | ...`).
 * @throws TicketFileError that names the file and the line.
 */
export function parseTicket(file: string, source: string): DeskTicket {
  const lines = source
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .split("\n");
  const fail = (line: number, message: string): never => {
    throw new TicketFileError(`${file}:${line}: ${message}`);
  };
  const header = new Map<string, string>();
  const highlights: string[] = [];
  let at = 0;
  for (; at < lines.length && lines[at] !== "---"; at += 1) {
    const line = lines[at] ?? "";
    const quote = /^ {2}- (.*)$/.exec(line);
    const field = /^([a-z]+):(?: (.*))?$/.exec(line);
    if (quote && [...header.keys()].at(-1) === "highlights") highlights.push(quote[1] ?? "");
    else if (!field) fail(at + 1, `expected "name: value", "  - quote" under highlights, or "---", found ${JSON.stringify(line)}`);
    else {
      const name = field[1] ?? "";
      if (![...REQUIRED, ...OPTIONAL].some((known) => known === name)) {
        fail(at + 1, `unknown name "${name}"; there are ${[...REQUIRED, ...OPTIONAL].join(", ")}`);
      }
      if (header.has(name)) fail(at + 1, `"${name}" is given twice`);
      header.set(name, (field[2] ?? "").trim());
    }
  }
  if (at >= lines.length) fail(lines.length, 'no line "---" after the header');
  for (const name of REQUIRED) if (!header.get(name)) fail(at + 1, `"${name}" is missing in the header`);

  const sections: { head: RegExpExecArray | null; line: number; text: string[] }[] = [{ head: null, line: at + 2, text: [] }];
  for (at += 1; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const head = COMMENT.exec(line);
    if (head) sections.push({ head, line: at + 1, text: [] });
    else if (/^--- /.test(line)) fail(at + 1, 'a comment begins with "--- comment | Author | YYYY-MM-DD HH:MM" or "--- work note | ..."');
    else sections.at(-1)?.text.push(line);
  }
  const [threatType = "", severity = "", ...rest] = (header.get("expect") ?? "").split(/\s+/);
  if (rest.length > 0 || severity === "") fail(1, `"expect" is a threat type and a severity, e.g. "malware high"`);
  const parent = /^(\S+) (.+)$/.exec(header.get("parent") ?? "");
  const key = header.get("key") ?? "";
  const parsed = DeskTicket.safeParse({
    key,
    sysId: sysIdOf(key),
    system: header.get("system"),
    title: header.get("title"),
    description: (sections[0]?.text ?? []).join("\n").trim(),
    comments: sections.slice(1).map(({ head, text }, index) => ({
      id: 10_000 + (Number(key.replace(/\D/g, "")) % 10_000) * 100 + index,
      kind: head?.[1],
      author: head?.[2],
      at: head?.[3],
      text: text.join("\n").trim(),
    })),
    fields: {
      type: header.get("type") ?? "Incident",
      status: header.get("status") ?? "Open",
      priority: header.get("priority") ?? "Medium",
      reporter: header.get("reporter") ?? "Service Desk",
      assignee: header.get("assignee") ?? "Unassigned",
      created: header.get("created") ?? "2026-11-20 09:00",
      parent: parent ? { key: parent[1], title: parent[2] } : null,
    },
    expect: { threatType, severity },
    alternatives: (header.get("alt") ?? "").split(/[\s,]+/).filter(Boolean),
    language: header.get("lang") ?? "en",
    highlights,
    file,
  });
  if (!parsed.success) return fail(1, parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
  const texts = shownTexts(parsed.data);
  for (const quote of highlights) {
    if (!texts.some((text) => text.includes(quote))) fail(1, `the highlight ${JSON.stringify(quote)} is not in the shown text`);
  }
  return parsed.data;
}

/**
 * Every practice ticket, Jira first, each system in the order of its keys.
 * @throws TicketFileError for a broken file or a key that two files use.
 */
export async function deskTickets(directory: string = ticketDirectory): Promise<DeskTicket[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith(".md")).sort();
  if (files.length === 0) throw new TicketFileError(`${directory}: no *.md file in it`);
  const tickets = await Promise.all(files.map(async (file) => parseTicket(file, await readFile(`${directory}/${file}`, "utf8"))));
  const byKey = new Map<string, string>();
  for (const ticket of tickets) {
    const other = byKey.get(ticket.key);
    if (other) throw new TicketFileError(`${ticket.file}:1: the key ${ticket.key} is already used by ${other}`);
    byKey.set(ticket.key, ticket.file);
  }
  return tickets.sort((a, b) => a.system.localeCompare(b.system) || a.key.localeCompare(b.key, "en", { numeric: true }));
}
