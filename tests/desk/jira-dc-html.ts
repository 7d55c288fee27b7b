// Jira Data Center's pages as HTML strings: issue, split view, board, agent's and customer's view; the server sends them, the page exchanges parts.
import { escapeHtml } from "./escape-html.ts";
import { wikiHtml } from "./jira-dc-markup.ts";
import type { PageTicket, TicketComment } from "./ticket-shape.ts";

/** Data Center is often not at the root of its host. */
export const CONTEXT = "/jira";
export type DcView = "issue" | "split" | "board" | "agent" | "portal";

const link = (key: string, attributes = ""): string =>
  `<a class="issue-link" data-issue-key="${key}" href="${CONTEXT}/browse/${key}"${attributes}>${key}</a>`;

/** Whole (`verbose`) and as its first words (`concise`), as the product writes each comment; the style sheet shows one of them. */
function commentHtml(comment: TicketComment, agent: boolean): string {
  const internal = comment.kind === "work note";
  const mark = internal && !agent ? ' - <span class="redText" title="Service desk team">Restricted to <b>Service Desk Team</b></span>' : "";
  const shared = agent && !internal ? ' <span class="subText">Shared with customer</span>' : "";
  const who = `<a class="user-hover user-avatar" href="#">${escapeHtml(comment.author)}</a>`;
  const html = wikiHtml(comment.text);
  return `<div id="comment-${comment.id}" class="issue-data-block activity-comment twixi-block expanded">
<div class="twixi-wrap verbose actionContainer"><div class="action-head"><a href="#" class="twixi">v</a><div class="action-details">${who} added a comment - <span class="date">${comment.at}</span>${mark}${shared}</div></div><div class="action-body flooded">${html}</div></div>
<div class="twixi-wrap concise actionContainer"><div class="action-head"><a href="#" class="twixi">&gt;</a><div class="action-details flooded">${who} - ${html}</div></div></div></div>`;
}

/** The comments of the activity tab. */
export function commentsHtml(ticket: PageTicket, agent = false): string {
  return `${ticket.comments.map((comment) => commentHtml(comment, agent)).join("\n")}<div class="message-container">${ticket.comments.length} comments</div>`;
}

/** A part of the page that the product loads again as a whole. @param comments whether the activity tab is there yet. */
export function issueHtml(ticket: PageTicket, { comments, agent = false }: { comments: boolean; agent?: boolean }): string {
  const { parent } = ticket.fields;
  const composer = agent
    ? '<div class="sd-comment-collapse"><textarea id="sd-comment-collapsed-textarea" placeholder="Comment"></textarea></div>'
    : "";
  return `<header id="stalker" class="issue-header"><ol class="aui-nav aui-nav-breadcrumbs">${parent ? `<li>${link(parent.key, ' id="parent_issue_summary"')}</li>` : ""}<li>${link(ticket.key, ` id="key-val" rel="${ticket.key.replace(/\D/g, "")}"`)}</li></ol>
<h1 id="summary-val" class="editable-field inactive">${escapeHtml(ticket.title)}</h1></header>
<div class="issue-body"><div id="descriptionmodule" class="module"><h4>Description</h4><div class="mod-content"><div id="description-val" class="field-ignore-highlight editable-field inactive"><div class="user-content-block">${wikiHtml(ticket.description)}</div><span class="overlay-icon"></span></div></div></div>
<div id="activitymodule" class="module"><h4>Activity</h4><ul class="tabs"><li id="comment-tabpanel" class="active">Comments</li><li id="changehistory-tabpanel">History</li></ul>
<div id="issue_actions_container">${comments ? commentsHtml(ticket, agent) : '<div class="loading">...</div>'}</div>
<form id="issue-comment-add">${composer}<div class="field-group"><textarea id="comment" name="comment"></textarea></div></form></div></div>`;
}

/** The board's detail view has other names for the key's place. */
export function detailHtml(ticket: PageTicket): string {
  return `<div id="ghx-detail-issue" data-issue-key="${ticket.key}"><div id="ghx-detail-head"><dl><dt>Key</dt><dd id="issuekey-val"><a href="${CONTEXT}/browse/${ticket.key}">${ticket.key}</a></dd></dl></div>
<dl><dd id="summary-val" class="ghx-summary">${escapeHtml(ticket.title)}</dd></dl>
<div id="description-val"><div class="user-content-block">${wikiHtml(ticket.description)}</div></div>
<div id="issue_actions_container">${commentsHtml(ticket)}</div></div>`;
}

/** What stands in <body> when the server sends the page. @param chosen the issue that is open, where one is. */
export function bodyHtml(view: DcView, all: readonly PageTicket[], chosen: PageTicket | undefined): string {
  const head =
    '<header id="header"><span class="aui-logo">Practice Desk</span><a href="/jira/issues/?jql=">Issues</a><a href="/jira/secure/RapidBoard.jspa?rapidView=1">Board</a></header>';
  const issue = chosen
    ? issueHtml(chosen, { comments: false, agent: view === "agent" })
    : "<h1>The issue you are trying to view does not exist.</h1>";
  if (view === "portal") return `${head}<main id="content">${chosen ? portalHtml(chosen) : ""}</main>`;
  if (view === "issue" || view === "agent")
    return `${head}<div id="content"><section id="sd-page-panel" class="issue-view"><div id="issue-content" class="issue-edit-form">${issue}</div></section></div>`;
  if (view === "split") {
    const rows = all.map(
      (one) =>
        `<li data-key="${one.key}"><a class="splitview-issue-link" data-issue-key="${one.key}" href="${CONTEXT}/browse/${one.key}"><b>${one.key}</b> ${escapeHtml(one.title)}</a></li>`,
    );
    return `${head}<div id="content" class="navigator-container"><div class="list-results-panel results-panel"><ol class="issue-list">${rows.join("\n")}</ol></div><div class="details-layout"><div id="issue-content">${chosen ? issue : ""}</div></div></div>`;
  }
  const cards = all.map(
    (one) =>
      `<div class="ghx-issue js-issue" data-issue-key="${one.key}"><a class="ghx-key" href="${CONTEXT}/browse/${one.key}">${one.key}</a><span class="ghx-summary">${escapeHtml(one.title)}</span></div>`,
  );
  return `${head}<div id="gh"><div id="ghx-work"><div id="ghx-pool">${cards.join("\n")}</div></div><div id="ghx-detail-view" hidden></div></div>`;
}

/** Only what the customer may see: no internal comment. */
function portalHtml(ticket: PageTicket): string {
  const said = ticket.comments.filter(({ kind }) => kind === "comment");
  return `<h1><span class="cv-page-title-text">${escapeHtml(ticket.title)}</span></h1><div id="cv-request-content">${wikiHtml(ticket.description)}
<div class="activity">${said.map((one) => `<div class="entry"><strong>${escapeHtml(one.author)}</strong> <span>${one.at}</span>${wikiHtml(one.text)}</div>`).join("\n")}</div>
<textarea id="comment-on-request"></textarea></div><div class="cv-request-options"><div id="cp-request-share-root"></div></div>`;
}

/** Which page an address of the double is, and which issue it opens; null for no page. */
export function dcRoute(url: URL): { view: DcView; key: string | null } | null {
  if (!url.pathname.startsWith(`${CONTEXT}/`)) return null;
  const path = url.pathname.slice(CONTEXT.length);
  const named = (pattern: RegExp): string | undefined => pattern.exec(path)?.[1];
  const browse = named(/^\/browse\/([A-Z]+-\d+)$/);
  if (browse) return { view: url.searchParams.has("jql") ? "split" : "issue", key: browse };
  if (/^\/issues\/?$/.test(path)) return { view: "split", key: null };
  const agent = named(/^\/projects\/[A-Z]+\/queues\/custom\/\d+\/([A-Z]+-\d+)$/);
  if (agent) return { view: "agent", key: agent };
  const portal = named(/^\/servicedesk\/customer\/portal\/\d+\/([A-Z]+-\d+)$/);
  if (portal) return { view: "portal", key: portal };
  return path === "/secure/RapidBoard.jspa" ? { view: "board", key: url.searchParams.get("selectedIssue") } : null;
}
