// Brings the Jira Data Center double to life: comments that arrive as HTML, a split view and a board that exchange the issue, an editor in a frame.
import "./no-eval.ts";
import { exposeControl } from "./control.ts";
import { openEditor } from "./jira-dc-editor.ts";
import { CONTEXT, commentsHtml, dcRoute, detailHtml, issueHtml } from "./jira-dc-html.ts";
import { after, readPace } from "./pace.ts";
import { PageTicket, type TicketComment } from "./ticket-shape.ts";

const pace = readPace(document);
/** Issues that were loaded, with the edits of this visit; nothing is ever sent back. */
const issues = new Map<string, PageTicket>();
let timeline = new AbortController();
let settling: Promise<unknown> = Promise.resolve();
const view = () => dcRoute(new URL(location.href))?.view ?? "issue";
/** `?hooks=renamed`: the product after an update that gave its comments other names. */
const renamed = new URL(location.href).searchParams.get("hooks") === "renamed";
const served = (html: string): string =>
  renamed ? html.replaceAll("activity-comment", "issue-remark").replaceAll("action-body", "remark-body") : html;

function part(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The page has no ${selector}`);
  return found;
}

async function issueOf(key: string): Promise<PageTicket> {
  const known = issues.get(key);
  if (known) return known;
  const answer = await fetch(`${CONTEXT}/rest/api/2/issue/${key}`);
  const ticket = PageTicket.parse(await answer.json());
  issues.set(key, ticket);
  return ticket;
}

/** The issue that is open: what its own part of the page says. */
const openKey = (): string => document.querySelector("#key-val, #issuekey-val a")?.textContent ?? "";

/** The activity tab comes by itself, later, and as a whole. */
async function loadComments(key: string, signal: AbortSignal): Promise<void> {
  const [ticket, stillHere] = [await issueOf(key), await after(pace.delay(600), signal)];
  if (stillHere && openKey() === key) part("#issue_actions_container").innerHTML = served(commentsHtml(ticket, view() === "agent"));
}

/** Exchanges the open issue without a page load, as split view and board do: the address first, the words when they are here. */
async function openIssue(key: string): Promise<void> {
  timeline.abort();
  timeline = new AbortController();
  const { signal } = timeline;
  const board = view() === "board";
  history.pushState(
    {},
    "",
    board ? `${CONTEXT}/secure/RapidBoard.jspa?rapidView=1&view=detail&selectedIssue=${key}` : `${CONTEXT}/browse/${key}?jql=`,
  );
  const show = async (): Promise<void> => {
    const [ticket, stillHere] = [await issueOf(key), await after(pace.delay(150, 400), signal)];
    if (!stillHere) return;
    if (board) {
      part("#ghx-detail-view").innerHTML = served(detailHtml(ticket));
      part("#ghx-detail-view").hidden = false;
    } else {
      part("#issue-content").innerHTML = issueHtml(ticket, { comments: false });
      await loadComments(key, signal);
    }
  };
  settling = show();
  await settling;
}

/** Writes the open issue's part anew, with a change. */
async function rewrite(edit: (ticket: PageTicket) => PageTicket): Promise<void> {
  const ticket = edit(await issueOf(openKey()));
  issues.set(ticket.key, ticket);
  if (view() === "board") part("#ghx-detail-view").innerHTML = served(detailHtml(ticket));
  else part("#issue-content").innerHTML = served(issueHtml(ticket, { comments: true, agent: view() === "agent" }));
}

function withComment(text: string, kind: TicketComment["kind"]) {
  return (ticket: PageTicket): PageTicket => {
    const id = (ticket.comments.at(-1)?.id ?? 900_000) + 1;
    return { ...ticket, comments: [...ticket.comments, { id, author: "You", at: "2026-11-23 09:30", kind, text }] };
  };
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const row = target?.closest<HTMLElement>(".ghx-issue, .splitview-issue-link");
  const key = row?.dataset.issueKey;
  if (key) {
    event.preventDefault();
    void openIssue(key);
  } else if (target?.closest(".twixi")) {
    event.preventDefault();
    const block = target.closest(".twixi-block");
    block?.classList.toggle("collapsed");
    block?.classList.toggle("expanded");
  }
});

const { key = null } = dcRoute(new URL(location.href)) ?? {};
if (key && document.querySelector("#issue-content #key-val")) settling = loadComments(key, timeline.signal);
if (key && view() === "board") settling = openIssue(key);

exposeControl(
  {
    open: openIssue,
    "close-detail": () => {
      part("#ghx-detail-view").hidden = true;
    },
    "rerender-nodes": () => rewrite((ticket) => ticket),
    edit: (text) => rewrite((ticket) => ({ ...ticket, description: `${text || "Update: still happening."}\n\n${ticket.description}` })),
    title: (title) => rewrite((ticket) => ({ ...ticket, title })),
    "add-comment": (text) => rewrite(withComment(text || "Any news on this one?", "comment")),
    "add-internal": (text) => rewrite(withComment(text || "For us only.", "work note")),
    collapse: () => {
      for (const block of document.querySelectorAll(".twixi-block")) block.classList.replace("expanded", "collapsed");
    },
    "open-editor": () => openEditor(part("#comment")),
  },
  async () => {
    for (let waited: unknown = null; waited !== settling; ) {
      waited = settling;
      await settling;
    }
  },
);
