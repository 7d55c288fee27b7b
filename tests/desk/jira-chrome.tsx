// What surrounds an issue on the Jira double: top bar, side bar, and the queue.
import type { ReactNode } from "react";
import { Avatar } from "./jira-comments.tsx";
import { SpaLink, TypeIcon } from "./jira-issue.tsx";
import { css } from "./jira-style.ts";
import type { PageTicket } from "./ticket-shape.ts";

export function Chrome({ children }: { children: ReactNode }): ReactNode {
  return (
    <div data-vc="app" className={css("app")}>
      <header data-vc="top">
        <span data-vc="product">
          <span data-vc="mark" aria-hidden="true" />
          Practice Desk
        </span>
        <span data-vc="search" aria-hidden="true">
          Search
        </span>
        <button type="button" data-vc="primary">
          Create
        </button>
        <Avatar name="Mira Olsson" />
      </header>
      <nav data-vc="side" aria-label="Project">
        <p data-vc="side-project">
          <span data-vc="project-icon" aria-hidden="true" />
          <span>
            <strong>Security desk</strong>
            <small>Service project</small>
          </span>
        </p>
        <SpaLink href="/">Queue</SpaLink>
        <SpaLink href="/jira/software/projects/SEC/boards/1">Board</SpaLink>
        <SpaLink href="/jira/software/projects/SEC/boards/1/backlog">Backlog</SpaLink>
        <span>Reports</span>
        <span>On-call</span>
        <span>Project settings</span>
      </nav>
      <main data-vc="main">{children}</main>
    </div>
  );
}

/** @param path of the address that a row leads to; the key follows. */
export function Queue({ tickets, path }: { tickets: readonly PageTicket[]; path: string }): ReactNode {
  const newestFirst = [...tickets].sort((a, b) => b.fields.created.localeCompare(a.fields.created));
  return (
    <div data-vc="queue" data-testid="servicedesk-queues-agent-view.layout.queues-details">
      <h1>All tickets</h1>
      <p data-vc="muted">{tickets.length} tickets, newest first</p>
      <div data-testid="servicedesk-queues-agent-view.layout.table.container" data-vc="queue-table">
        <table>
          <thead>
            <tr>
              <th>Type</th>
              <th>Key</th>
              <th>Summary</th>
              <th>Reporter</th>
              <th>Priority</th>
              <th>Status</th>
              <th>Created</th>
            </tr>
          </thead>
          <tbody>
            {newestFirst.map((ticket) => (
              <tr key={ticket.key}>
                <td>
                  <TypeIcon type={ticket.fields.type} />
                </td>
                <td data-testid="native-issue-table.common.ui.issue-cells.issue-key.issue-key-cell">
                  <SpaLink href={`${path}${ticket.key}`}>{ticket.key}</SpaLink>
                </td>
                <td data-vc="queue-summary">
                  <SpaLink href={`${path}${ticket.key}`}>{ticket.title}</SpaLink>
                </td>
                <td>
                  <span data-vc="person">
                    <Avatar name={ticket.fields.reporter} /> {ticket.fields.reporter}
                  </span>
                </td>
                <td data-vc="priority" data-priority={ticket.fields.priority.toLowerCase()}>
                  {ticket.fields.priority}
                </td>
                <td>
                  <span data-vc="lozenge" data-status={ticket.fields.status.toLowerCase().replaceAll(" ", "-")}>
                    {ticket.fields.status}
                  </span>
                </td>
                <td data-vc="muted">{ticket.fields.created.slice(0, 10)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
