// What the Jira double shows right now, and the timeline by which an issue's parts arrive.
import { z } from "zod";
import { after, readPace } from "./pace.ts";
import { PageTicket, type TicketComment } from "./ticket-shape.ts";

export type Route =
  | { kind: "queue" }
  | { kind: "issue"; key: string }
  /** An issue beside the queue that it was opened from. */
  | { kind: "agent"; key: string }
  | { kind: "board"; key: string | null };

/** Parts of the issue view; each holds the ticket that it shows, which after a stale route change may differ from its neighbours'. */
export interface Parts {
  breadcrumb: PageTicket | null;
  summary: PageTicket | null;
  description: PageTicket | null;
  comments: PageTicket | null;
}
export interface JiraState {
  route: Route;
  queue: PageTicket[];
  parts: Parts;
  missing: boolean;
  container: "modal" | "panel";
  /** What the modal gets its hook after; null: 400 ms, or by the pace of the page. `bare`: its role comes only then, too. */
  modalHook: { ms: number; bare: boolean } | null;
  /** Opened in a panel while the address stays: over an issue's page, or instead of the board's issue. */
  over: PageTicket | null;
  /** Comments that scroll out of view lose their bodies again. */
  virtualComments: boolean;
  editing: "title" | "description" | "comment" | null;
  allComments: boolean;
  /** Raised to make React throw a subtree away and build it anew. */
  epochs: { nodes: number; tree: number };
}

const EMPTY: Parts = { breadcrumb: null, summary: null, description: null, comments: null };
export const pace = readPace(document);
let state: JiraState = {
  route: { kind: "queue" },
  queue: [],
  parts: EMPTY,
  missing: false,
  container: "modal",
  modalHook: null,
  over: null,
  virtualComments: false,
  editing: null,
  allComments: false,
  epochs: { nodes: 0, tree: 0 },
};
const listeners = new Set<() => void>();
/** Issues that were loaded, with the edits of this visit; nothing is ever sent back. */
const issues = new Map<string, PageTicket>();
let timeline = new AbortController();
let settling: Promise<unknown> = Promise.resolve();

export const jiraState = (): JiraState => state;
export const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
export function change(patch: Partial<JiraState>): void {
  state = { ...state, ...patch };
  for (const listener of listeners) listener();
}

export function routeOf(url: URL): Route {
  const issue = /^\/(?:browse|projects\/[A-Z0-9]+\/issues)\/([A-Z][A-Z0-9]*-\d+)/.exec(url.pathname);
  if (issue?.[1]) return { kind: "issue", key: issue[1] };
  const agent = /^\/jira\/servicedesk\/projects\/[A-Z0-9]+\/queues\/custom\/\d+\/([A-Z][A-Z0-9]*-\d+)/.exec(url.pathname);
  if (agent?.[1]) return { kind: "agent", key: agent[1] };
  if (/^\/jira\/software\/(c\/)?projects\/[A-Z0-9]+\/boards\/\d+/.test(url.pathname)) {
    return { kind: "board", key: url.searchParams.get("selectedIssue") };
  }
  return { kind: "queue" };
}

/** Shows what the address bar says. `stale` keeps every old part until its successor arrives, as a slow site does. */
export function showRoute({ stale = false } = {}): void {
  timeline.abort();
  timeline = new AbortController();
  const route = routeOf(new URL(location.href));
  const key = route.kind === "queue" ? null : route.key;
  change({ route, parts: stale ? state.parts : EMPTY, missing: false, editing: null, allComments: false, over: null });
  if (key !== null) settling = loadIssue(key, timeline.signal);
  else document.title = "Practice Desk - Jira";
  if (route.kind !== "issue" && state.queue.length === 0) settling = Promise.all([settling, loadQueue()]);
}

/** Goes to an address of this site without a page load, as Jira does. */
export function go(path: string, options: { stale?: boolean } = {}): void {
  history.pushState({}, "", path);
  showRoute(options);
}

async function loadQueue(): Promise<void> {
  const answer = await fetch("/rest/api/3/search");
  const queue = z.array(PageTicket).parse(await answer.json());
  change({ queue: queue.map((ticket) => issues.get(ticket.key) ?? ticket) });
}

async function loadIssue(key: string, signal: AbortSignal): Promise<void> {
  const show = async (part: keyof Parts, low: number, high?: number): Promise<void> => {
    if (!(await after(pace.delay(low, high), signal))) return;
    const ticket = await fetched;
    if (ticket === null || signal.aborted) return;
    change({ parts: { ...state.parts, [part]: issues.get(key) ?? ticket } });
    if (part === "summary") document.title = `[${key}] ${ticket.title} - Jira`;
  };
  const fetched = fetchIssue(key);
  const parts = [show("breadcrumb", 300, 900), show("summary", 450, 550), show("description", 1150, 1250), show("comments", 1400, 2200)];
  if ((await fetched) === null && !signal.aborted) change({ missing: true });
  await Promise.all(parts);
}

async function fetchIssue(key: string): Promise<PageTicket | null> {
  const known = issues.get(key);
  if (known) return known;
  const answer = await fetch(`/rest/api/3/issue/${key}`);
  if (!answer.ok) return null;
  const ticket = PageTicket.parse(await answer.json());
  issues.set(key, ticket);
  return ticket;
}

/** Resolves when nothing is under way any more; a later route change starts a new wait. */
export async function settled(): Promise<void> {
  for (let waited: unknown = null; waited !== settling; ) {
    waited = settling;
    await settling;
  }
}

/** Opens an issue in a panel; the address stays. */
export async function openOver(key: string): Promise<void> {
  change({ over: await fetchIssue(key), container: "panel" });
}

/** Changes the open issue in memory and shows it. */
export function editIssue(edit: (ticket: PageTicket) => PageTicket): void {
  const key = state.route.kind === "queue" ? null : state.route.key;
  const ticket = key === null ? undefined : issues.get(key);
  if (!ticket) return;
  const edited = edit(ticket);
  issues.set(edited.key, edited);
  const swap = (part: PageTicket | null): PageTicket | null => (part?.key === edited.key ? edited : part);
  const { breadcrumb, summary, description, comments } = state.parts;
  change({
    parts: { breadcrumb: swap(breadcrumb), summary: swap(summary), description: swap(description), comments: swap(comments) },
    queue: state.queue.map((row) => (row.key === edited.key ? edited : row)),
  });
}

export function addComment(text: string): void {
  editIssue((ticket) => {
    const last = ticket.comments.at(-1);
    const comment: TicketComment = { id: (last?.id ?? 900_000) + 1, author: "You", at: "2026-11-23 09:30", kind: "comment", text };
    return { ...ticket, comments: [...ticket.comments, comment] };
  });
  change({ allComments: true });
}

/** Takes the description away and brings it back after `ms`: content that comes very late. */
export function bringDescriptionLate(ms: number): void {
  const { description } = state.parts;
  const { signal } = timeline;
  change({ parts: { ...state.parts, description: null } });
  settling = after(ms, signal).then((stillHere) => {
    if (stillHere && description) change({ parts: { ...state.parts, description: issues.get(description.key) ?? description } });
  });
}
