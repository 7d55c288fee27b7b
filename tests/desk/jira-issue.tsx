// The issue view of the Jira double: breadcrumb, summary, description, fields; each part appears when the timeline brings it.
import type { ReactNode } from "react";
import { Activity, Avatar } from "./jira-comments.tsx";
import { Editor } from "./jira-editor.tsx";
import { RichText } from "./jira-rich-text.tsx";
import { change, editIssue, go, type JiraState } from "./jira-store.ts";
import { css } from "./jira-style.ts";
import type { PageTicket } from "./ticket-shape.ts";

/** A link of this site that does not load a page. */
export function SpaLink({ href, testId, children }: { href: string; testId?: string; children: ReactNode }): ReactNode {
  return (
    <a
      href={href}
      data-testid={testId}
      className={css(`link${href}`)}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(href);
      }}
    >
      {children}
    </a>
  );
}

export function TypeIcon({ type }: { type: string }): ReactNode {
  return <span data-vc="type-icon" data-type={type.toLowerCase().replaceAll(" ", "-")} aria-hidden="true" />;
}

function Breadcrumb({ ticket }: { ticket: PageTicket | null }): ReactNode {
  if (!ticket) return <div data-vc="skeleton" data-lines="1" />;
  const project = ticket.key.split("-")[0] ?? "";
  const { parent } = ticket.fields;
  const base = "issue.views.issue-base.foundation.breadcrumbs";
  return (
    <nav aria-label="Breadcrumbs" data-testid={`${base}.breadcrumbs-container`} data-vc="breadcrumbs" className={css("breadcrumbs")}>
      <SpaLink href="/">Practice desk</SpaLink>
      <span>/</span>
      <SpaLink href={`/jira/software/projects/${project}/boards/1`}>{project}</SpaLink>
      <span>/</span>
      {parent ? (
        <>
          <SpaLink href={`/browse/${parent.key}`} testId={`${base}.parent-issue.item`}>
            {parent.key}
          </SpaLink>
          <span>/</span>
        </>
      ) : null}
      <TypeIcon type={ticket.fields.type} />
      <SpaLink href={`/browse/${ticket.key}`} testId={`${base}.current-issue.item`}>
        {ticket.key}
      </SpaLink>
    </nav>
  );
}

function Summary({ ticket, editing }: { ticket: PageTicket | null; editing: boolean }): ReactNode {
  if (!ticket) return <div data-vc="skeleton" data-lines="1" data-big="" />;
  if (editing) {
    const save = (title: string): void => {
      editIssue((old) => ({ ...old, title: title.trim() || old.title }));
      change({ editing: null });
    };
    return (
      <input
        data-vc="summary-input"
        data-testid="issue.views.issue-base.foundation.summary.heading.writeable"
        aria-label="Edit summary"
        defaultValue={ticket.title}
        onBlur={(event) => save(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    );
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: as on the real page, where the keyboard way is a hidden button
    <h1
      data-testid="issue.views.issue-base.foundation.summary.heading"
      data-vc="summary"
      className={css("summary")}
      onClick={() => change({ editing: "title" })}
    >
      {ticket.title}
    </h1>
  );
}

function Description({ state }: { state: JiraState }): ReactNode {
  const ticket = state.parts.description;
  if (!ticket) return <div data-vc="skeleton" data-lines="6" />;
  const startEditing = (target: EventTarget): void => {
    const onLink = target instanceof Element && target.closest("a") !== null;
    if (!onLink && window.getSelection()?.isCollapsed !== false) change({ editing: "description" });
  };
  return (
    <section data-vc="description" className={css("description")}>
      <h2 data-testid="issue-view-base.common.description.heading-wrapper">Description</h2>
      {state.editing === "description" ? (
        <div data-testid="issue.views.field.rich-text.editor-container">
          <Editor
            source={ticket.description}
            label="Description area, start typing to enter text."
            saveTestId="comment-save-button"
            onSave={(description) => {
              editIssue((old) => ({ ...old, description }));
              change({ editing: null });
            }}
            onCancel={() => change({ editing: null })}
          />
        </div>
      ) : (
        <div data-testid="issue.views.field.rich-text.description" className={css("rich-text-field")}>
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: as on the real page, where the keyboard way is a hidden button */}
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the same */}
          <div
            data-component-selector="jira-issue-view-rich-text-inline-edit-view-container"
            data-vc="inline-edit"
            onClick={(event) => startEditing(event.target)}
          >
            {ticket.description === "" ? (
              <span data-vc="placeholder">Add a description...</span>
            ) : (
              <RichText key={state.epochs.nodes} source={ticket.description} />
            )}
          </div>
        </div>
      )}
    </section>
  );
}

function Details({ ticket }: { ticket: PageTicket | null }): ReactNode {
  if (!ticket) return <div data-vc="skeleton" data-lines="5" />;
  const { fields } = ticket;
  const people = [
    ["Assignee", fields.assignee],
    ["Reporter", fields.reporter],
  ] as const;
  return (
    <aside data-vc="details" aria-label="Details" className={css("details")}>
      <button
        type="button"
        data-vc="status"
        data-status={fields.status.toLowerCase().replaceAll(" ", "-")}
        data-testid="issue-field-status.ui.status-view.status-button.status-button"
      >
        {fields.status} ▾
      </button>
      <div data-vc="details-box">
        <h2>Details</h2>
        <dl>
          {people.map(([name, person]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Avatar name={person} /> {person}
              </dd>
            </div>
          ))}
          <div>
            <dt>Priority</dt>
            <dd data-vc="priority" data-priority={fields.priority.toLowerCase()}>
              {fields.priority}
            </dd>
          </div>
          <div>
            <dt>Request type</dt>
            <dd>{fields.type}</dd>
          </div>
          <div>
            <dt>Labels</dt>
            <dd data-vc="muted">None</dd>
          </div>
          <div>
            <dt>Created</dt>
            <dd>{fields.created}</dd>
          </div>
        </dl>
      </div>
    </aside>
  );
}

/** The view itself; the same in the full page, in the modal and in the side panel. */
export function IssueView({ state }: { state: JiraState }): ReactNode {
  if (state.missing) {
    return (
      <div data-vc="missing">
        <h1>We couldn't find that issue</h1>
        <p>It may have been moved, or it was never on this practice desk.</p>
      </div>
    );
  }
  return (
    <div id="jira-issue-header" data-vc="issue" data-testid="issue.views.issue-details.issue-layout.issue-layout" className={css("issue")}>
      <div data-testid="issue.views.issue-details.issue-layout.container-left" data-vc="issue-left" className={css("left")}>
        <Breadcrumb ticket={state.parts.breadcrumb} />
        <Summary ticket={state.parts.summary} editing={state.editing === "title"} />
        <Description state={state} />
        <Activity state={state} />
      </div>
      <div data-testid="issue.views.issue-details.issue-layout.container-right" data-vc="issue-right" className={css("right")}>
        <Details ticket={state.parts.summary} />
      </div>
    </div>
  );
}
